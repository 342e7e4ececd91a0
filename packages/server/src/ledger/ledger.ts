import type { Database } from '../database/database.ts'
import { isInsideTransaction } from '../database/kysely-transactions.ts'
import type { IdInWallet, NewId, Uuid, WalletOwner } from '../kernel/ids.ts'
import { walletId } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { type PastBalance, readBalanceAt } from './balance-at.ts'
import type { LedgerContext } from './context.ts'
import { replay } from './draft.ts'
import { createLanes } from './lanes.ts'
import { type EntriesPage, listEntries, type PageOfEntries } from './list-entries.ts'
import { type LotsPage, listLots, type PageOfLots } from './list-lots.ts'
import { readBoundKey } from './load.ts'
import type { LedgerObserver } from './observer.ts'
import type { Key, Operation, Receipt } from './operations.ts'
import { type Quote, type QuoteInput, readQuote } from './quote.ts'
import {
  type BalanceView,
  type HoldView,
  type OwnedLotView,
  readBalance,
  readHold,
  readLot,
  readOwner,
} from './read-wallet.ts'
import { type Verification, verify } from './verify.ts'

export interface LedgerOptions {
  readonly database: Database
  readonly newId: NewId
  /** How many operations may wait before further ones are refused. */
  readonly queueMax?: number
  readonly observer?: LedgerObserver | undefined
}

export interface Ledger {
  readonly context: LedgerContext
  /**
   * Queues an operation, and answers after its commit. Inside a transaction it is a bug: there, `applyOperations`.
   *
   * @throws insufficientCredits, limitExceeded, holdNotFound, holdAlreadyEnded, captureExceedsHold, lotNotFound, revokeExceedsLot, chargeNotFound,
   *   refundExceedsCharge, keyReused, lotOutOfTime, walletFull, overloaded
   * @throws Fault database_unavailable: repeat with the same key
   */
  submit(operation: Operation): Promise<Receipt>
  /**
   * What was answered when the key was bound in that wallet; undefined when it is not bound there.
   *
   * @throws keyReused when it is bound to another operation
   */
  replay(walletId: Uuid, key: Key): Promise<Receipt | undefined>
  /** As of now: lapsed holds and expired lots are counted as such, though nothing is written. An unknown wallet has zeros. */
  balance(owner: WalletOwner): Promise<BalanceView>
  hold(id: IdInWallet): Promise<HoldView | undefined>
  owner(walletId: Uuid): Promise<WalletOwner | undefined>
  /** What was in the wallet at a past instant. */
  balanceAt(owner: WalletOwner, at: Date): Promise<PastBalance>
  /** What a charge would do now, and from which lots. */
  quote(input: QuoteInput): Promise<Quote>
  /** A lot as of now, open or used up. */
  lot(id: IdInWallet): Promise<OwnedLotView | undefined>
  /** As of now, newest first. */
  lots(owner: WalletOwner, page: LotsPage): Promise<PageOfLots>
  /** Newest first. */
  entries(owner: WalletOwner, page: EntriesPage): Promise<PageOfEntries>
  verify(): Promise<Verification>
  /** How many operations wait for a batch. */
  waiting(): number
  close(): Promise<void>
}

// On two cores two connections at most keep Postgres and this process both busy, and four hurt. PGlite has one connection.
const lanesOn = { postgres: 2, pglite: 1 } as const
const queueMaxDefault = 20_000

export async function createLedger({
  database,
  newId,
  queueMax = queueMaxDefault,
  observer,
}: LedgerOptions): Promise<Ledger> {
  const context: LedgerContext = { newId, clock: database.clock }
  const connections = await Promise.all(
    Array.from({ length: lanesOn[database.driver] }, () => database.openLane()),
  )
  const lanes = createLanes(connections, context, queueMax, observer)
  return {
    context,
    submit: (operation) => {
      invariant(!isInsideTransaction(), 'a lane is never waited for inside a transaction')
      return lanes.submit(operation)
    },
    replay: async (id, key) => {
      const bound = await database.snapshot((tx) => readBoundKey(tx, { walletId: id, key }))
      if (bound === undefined) return undefined
      const outcome = replay(key, bound)
      if (!outcome.ok) throw outcome.refusal
      return outcome.receipt
    },
    balance: (owner) => database.snapshot((tx) => readBalance(tx, walletId(owner), context)),
    balanceAt: (owner, at) => database.snapshot((tx) => readBalanceAt(tx, walletId(owner), at, context)),
    quote: (input) => database.snapshot((tx) => readQuote(tx, input, context)),
    lot: (id) => database.snapshot((tx) => readLot(tx, id, context)),
    hold: (id) => database.snapshot((tx) => readHold(tx, id, context)),
    owner: (id) => database.snapshot((tx) => readOwner(tx, id)),
    lots: (owner, page) => database.snapshot((tx) => listLots(tx, walletId(owner), page, context)),
    entries: (owner, page) => database.snapshot((tx) => listEntries(tx, walletId(owner), page)),
    verify: () => verify(database),
    waiting: () => lanes.waiting(),
    close: () => lanes.close(),
  }
}
