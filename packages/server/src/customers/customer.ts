import type { Mode } from '../kernel/ids.ts'

/** Why a customer can start no checkout. */
export interface Block {
  /** A person of the operator's, as they call them; undefined for a dispute. */
  readonly actor: string | undefined
  /** The provider's dispute that is undecided or lost; undefined for a person's decision. */
  readonly dispute: string | undefined
  readonly reason: string
  readonly since: Date
}

export interface Customer {
  readonly mode: Mode
  readonly id: string
  readonly email: string | undefined
  readonly name: string | undefined
  readonly createdAt: Date
  /** When e-mail and name were erased, and none was given since. */
  readonly erasedAt: Date | undefined
}

/** With what follows from decisions and disputes. */
export interface ShownCustomer extends Customer {
  readonly block: Block | undefined
}
