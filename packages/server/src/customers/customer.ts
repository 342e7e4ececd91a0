import type { Mode } from '../kernel/ids.ts'

export interface Customer {
  readonly mode: Mode
  readonly id: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly createdAt: Date
  /** When e-mail and name were erased, and none was given since. */
  readonly erasedAt: Date | undefined
}
