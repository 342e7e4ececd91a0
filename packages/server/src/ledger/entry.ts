import type { Credits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Key, Operation, WouldRefuse } from './operations.ts'
import type { Balance, HoldState } from './wallet.ts'

export type Account = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt'

/** What entries are of: an operation, what time alone did, or a debt that was repaid. */
export type EntryOperation = Operation['kind'] | 'lapse' | 'repay'

/**
 * One line of a wallet's journal, never changed once written: credits on their way between two accounts, or a note of something that
 * moved nothing. Credits are of one lot; debt alone is of none.
 */
export interface Entry {
  /** 1, 2, 3 … within the wallet, without gaps. */
  readonly number: bigint
  /** Within its transaction: 0 for the first entry. */
  readonly position: number
  readonly operation: EntryOperation
  readonly lotId: Uuid | undefined
  /** Both undefined for a note. */
  readonly from: Account | undefined
  readonly to: Account | undefined
  readonly amount: Credits
  readonly holdId: Uuid | undefined
  /** The transaction that is refunded or whose debt is repaid. */
  readonly aboutTransaction: bigint | undefined
  readonly action: string | undefined
  readonly description: string | undefined
  readonly actor: string | undefined
  readonly catalogId: number | undefined
  /** When it happened: for what time alone did earlier than when it was recorded. */
  readonly effectiveAt: Date
  /** On the last entry of an operation: the key that it bound, and what it answered, so that a replay answers the same. */
  readonly bound: Bound | undefined
}

export interface Bound {
  readonly key: Key
  readonly balance: Balance
  readonly facts: BoundFacts | undefined
}

/** What of an answer neither its entries nor the final state of its hold tell. */
export interface BoundFacts {
  readonly wouldRefuse?: WouldRefuse | undefined
  /** Of a revocation: what will be taken when it is given back. */
  readonly pending?: Credits | undefined
  readonly hold?: HoldAsAnswered | undefined
}

/** A hold that went on after the answer, as it was then. */
export interface HoldAsAnswered {
  readonly state: HoldState
  readonly fromShares: Credits
  readonly captured: Credits
  readonly asked: Credits
  readonly refused: Credits
  readonly checkpoint: Credits
  readonly expiresAt: Date
  readonly endedAt: Date | undefined
}
