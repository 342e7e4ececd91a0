import type { Credits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Key, Operation } from './operations.ts'
import type { Balance } from './wallet.ts'

export type Account = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt'

/** What entries are of: an operation, or what time alone did. */
export type EntryOperation = Operation['kind'] | 'lapse' | 'expire'

/** One movement of one lot's credits between two accounts of its wallet. Never changed once written. */
export interface Entry {
  readonly transactionId: Uuid
  readonly operation: EntryOperation
  readonly lotId: Uuid
  readonly from: Account
  readonly to: Account
  readonly amount: Credits
  readonly holdId: Uuid | undefined
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
  /** When it happened: for a lapse or an expiry earlier than when it was recorded. */
  readonly effectiveAt: Date
  /** On the last entry of an operation: the key that it bound, and the balance that it left, so that a replay answers what was answered. */
  readonly bound: { readonly key: Key; readonly balance: Balance } | undefined
}
