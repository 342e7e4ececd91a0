import type { Mode } from '../kernel/ids.ts'

export interface Customer {
  readonly mode: Mode
  readonly id: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly createdAt: Date
}
