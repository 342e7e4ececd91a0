import type { Request, Session, Statement } from '../database/database.ts'
import type { Uuid, WalletOwner } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { later } from '../kernel/time.ts'
import { bigints, type Column, uuids } from './array-bytes.ts'
import { plain, quoted } from './array-text.ts'
import type { LedgerContext } from './context.ts'
import type { Spending } from './decide/decision.ts'
import { bucketsIn, countName, type LimitCount } from './limits.ts'
import type { Lot } from './lot.ts'
import type { Operation, Receipt, RefundOperation } from './operations.ts'
import {
  type CountRow,
  countFromRow,
  type DebtRow,
  debtFromRow,
  type EntryRow,
  emptyWallet,
  type HoldRow,
  holdFromRow,
  type LotRow,
  lotFromRow,
  type OwnerRow,
  ownerFromRow,
  type RefundRow,
  receiptFromRows,
  spendingFromRows,
  type WaitingLotRow,
  type WalletRow,
  waitingLotFromRow,
  walletFromRow,
} from './rows.ts'
import * as statements from './statements.ts'
import {
  canPay,
  type Debt,
  type Hold,
  inBurnOrder,
  noneWaiting,
  type OpenLot,
  oldestFirst,
  type Wallet,
} from './wallet.ts'

/** A locked wallet with what a batch needs of it. */
export interface LoadedWallet {
  /** As stored: not yet settled. When lots wait that no operation can need, they are not in it. */
  readonly wallet: Wallet
  /** The lots that are in its row. */
  readonly lotsInRow: readonly OpenLot[]
  /** The waiting lots that were loaded: all or none. */
  readonly seenWaiting: readonly OpenLot[]
  /** The ledger's now: the later of the clock after the lock and the wallet's last change. */
  readonly now: Date
  /** The live holds, soonest to lapse first, where one may have lapsed; else none. */
  readonly liveHolds: readonly Hold[]
  /** The holds that the batch's operations name. */
  readonly namedHolds: readonly Hold[]
  /** The lots that the batch's operations name, and those of what is to be refunded. */
  readonly namedLots: readonly Lot[]
  /** The open ones, and those of what is to be refunded; oldest first. */
  readonly debts: readonly Debt[]
  readonly spendings: readonly Spending[]
  readonly counts: readonly LimitCount[]
  /** Of the batch's keys those that are bound. */
  readonly bound: readonly BoundKey[]
}

/** What a key is bound to, and what was answered. */
export interface BoundKey {
  readonly id: Uuid
  readonly fingerprint: bigint
  readonly receipt: Receipt
}

/**
 * Locks and reads the wallets of a batch. A wallet that does not exist is empty, and made when a grant needs it.
 *
 * One round trip; a second one for what the first shows to be needed: holds that may have lapsed, lots that wait outside of their
 * wallet's row, what is owed, what is to be refunded.
 */
export async function loadBatch(
  session: Session,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<Map<Uuid, LoadedWallet>> {
  const byWallet = Map.groupBy(operations, (operation) => operation.walletId)
  const ids = [...byWallet.keys()].sort()
  const first = await readFirst(session, operations, ids)
  checkOwners(first.owners, operations)
  const lockedAt = context.clock?.() ?? first.now
  const rowsById = new Map(first.wallets.map((row) => [row.id, row]))
  const drafts = ids.map((id): Draft => {
    const row = rowsById.get(id)
    const wallet = row === undefined ? emptyWallet(id) : walletFromRow(row)
    const now = row === undefined ? lockedAt : later(lockedAt, row.updated_at)
    return { id, wallet, now, operations: byWallet.get(id) ?? [] }
  })
  const second = await readSecond(session, drafts, first)
  const lots = await readRepaying(session, drafts, first, second)
  return new Map(drafts.map((draft) => [draft.id, loadedWallet(draft, first, second, lots)]))
}

/** What a key is bound to in a wallet, if it is: read without a lock, for what is bound once is bound for good. */
export async function readBoundKey(session: Session, asked: Keyed): Promise<BoundKey | undefined> {
  const entries = await session.run<EntryRow>(statements.readBoundKeys, [[asked.walletId], [asked.key.id]])
  const holdIds = holdsOf(entries)
  const holds =
    holdIds.length === 0
      ? []
      : await session.run<HoldRow>(statements.readHolds, [holdIds.map(() => asked.walletId), holdIds])
  return boundKeys(entries, holds)[0]
}

type Keyed = Pick<Operation, 'walletId' | 'key'>

interface Draft {
  readonly id: Uuid
  readonly wallet: Wallet
  readonly now: Date
  readonly operations: readonly Operation[]
}

/** By wallet. */
type ById<Row> = ReadonlyMap<Uuid, readonly Row[]>

interface First {
  readonly wallets: readonly WalletRow[]
  /** Of the wallets whose owners operations name. */
  readonly owners: readonly OwnerRow[]
  readonly now: Date
  readonly entries: ById<EntryRow>
  readonly holds: ById<HoldRow>
  readonly lots: ById<LotRow>
  readonly transactions: ById<EntryRow>
  readonly refunds: ById<RefundRow>
  readonly debts: ById<DebtRow>
  readonly counts: ById<CountRow>
  /** Whether nothing but wallets was found. */
  readonly isBare: boolean
}

interface Second {
  readonly live: ById<HoldRow>
  readonly holds: ById<HoldRow>
  readonly debts: ById<DebtRow>
  readonly waiting: ById<WaitingLotRow>
  readonly lots: ById<LotRow>
}

async function readFirst(
  session: Session,
  operations: readonly Operation[],
  ids: readonly Uuid[],
): Promise<First> {
  const reading = new Reading(session)
  insertMissing(reading, operations)
  const wallets = reading.ask(statements.lockWallets, [uuids(ids, (id) => id)])
  const clock = reading.ask(statements.readClock, [])
  const owned = operations.filter(bringsOwner)
  const owners =
    owned.length === 0
      ? undefined
      : reading.ask(statements.readOwners, [uuids(owned, (operation) => operation.walletId)])
  const entries = reading.askAbout(statements.readBoundKeys, operations, (all) => [
    uuids(all, (one) => one.key.id),
  ])
  const holds = reading.askAbout(statements.readHolds, operations.filter(namesHold), (all) => [
    uuids(all, (one) => one.holdId),
  ])
  const lots = reading.askAbout(statements.readLots, operations.filter(namesLot), (all) => [
    uuids(all, (one) => one.lotId),
  ])
  const refunds = operations.filter((operation) => operation.kind === 'refund')
  const transactions = reading.askAbout(statements.readTransactions, refunds, transactionsOf)
  const refunded = reading.askAbout(statements.readRefunds, refunds, transactionsOf)
  const debts = reading.askAbout(statements.readDebts, refunds, transactionsOf)
  const counts = reading.askAbout(statements.readCounts, limitsOf(operations), (all) => [
    quoted(all, (one) => one.name),
    plain(all, (one) => one.buckets),
  ])
  await reading.done()
  const [now] = reading.rows<{ now: Date }>(clock)
  invariant(now, 'the database tells the time')
  return {
    isBare: !reading.hasRows(entries, holds, lots, transactions, refunded, debts, counts),
    wallets: reading.rows<WalletRow>(wallets),
    owners: reading.rows<OwnerRow>(owners),
    now: now.now,
    entries: reading.rowsById<EntryRow>(entries),
    holds: reading.rowsById<HoldRow>(holds),
    lots: reading.rowsById<LotRow>(lots),
    transactions: reading.rowsById<EntryRow>(transactions),
    refunds: reading.rowsById<RefundRow>(refunded),
    debts: reading.rowsById<DebtRow>(debts),
    counts: reading.rowsById<CountRow>(counts),
  }
}

const nothingMore: Second = {
  live: new Map(),
  holds: new Map(),
  debts: new Map(),
  waiting: new Map(),
  lots: new Map(),
}

async function readSecond(session: Session, drafts: readonly Draft[], first: First): Promise<Second> {
  const reading = new Reading(session)
  const live = reading.askIn(statements.readLiveHolds, drafts.filter(mayHaveLapsed))
  const waiting = reading.askIn(statements.readWaitingLots, drafts.filter(needsWaiting))
  const debts = reading.askIn(
    statements.readOpenDebts,
    drafts.filter(({ wallet }) => wallet.debt > 0n),
  )
  const replayed = inWallets(first.entries, holdsOf)
  const holds = reading.askAbout(statements.readHolds, replayed, (all) => [uuids(all, (one) => one.named)])
  const paid = [
    ...inWallets(first.transactions, (rows) =>
      rows.flatMap((entry) => (entry.lot_id === null ? [] : [entry.lot_id])),
    ),
    ...inWallets(first.debts, (rows) => rows.flatMap((debt) => debt.repaid_lot_ids)),
  ]
  const lots = reading.askAbout(statements.readLots, paid, (all) => [uuids(all, (one) => one.named)])
  if (reading.isEmpty) return nothingMore
  await reading.done()
  return {
    live: reading.rowsById<HoldRow>(live),
    waiting: reading.rowsById<WaitingLotRow>(waiting),
    debts: reading.rowsById<DebtRow>(debts),
    holds: reading.rowsById<HoldRow>(holds),
    lots: reading.rowsById<LotRow>(lots),
  }
}

/** Before what still owes is refunded, any open lot may repay it, in this very batch: then it gets back what it paid. Rare, and a round trip of its own. */
async function readRepaying(
  session: Session,
  drafts: readonly Draft[],
  first: First,
  second: Second,
): Promise<ById<LotRow>> {
  const reading = new Reading(session)
  const owing = drafts.filter(({ id }) => rowsOf(first.debts, id).some((debt) => debt.open_micros > 0n))
  const open = owing.flatMap(({ id, wallet }) =>
    [...wallet.lots, ...rowsOf(second.waiting, id)].map((lot) => ({ walletId: id, named: lot.id })),
  )
  const lots = reading.askAbout(statements.readLots, open, (all) => [uuids(all, (one) => one.named)])
  if (reading.isEmpty) return second.lots
  await reading.done()
  return Map.groupBy(
    [...[...second.lots.values()].flat(), ...reading.rows<LotRow>(lots)],
    (row) => row.wallet_id,
  )
}

function loadedWallet(draft: Draft, first: First, second: Second, paying: ById<LotRow>): LoadedWallet {
  const { id, wallet, now } = draft
  if (first.isBare && second === nothingMore) return { ...bare, wallet, lotsInRow: wallet.lots, now }
  const seenWaiting = rowsOf(second.waiting, id).map(waitingLotFromRow)
  const lots = [...rowsOf(first.lots, id), ...rowsOf(paying, id)]
  const debts = [...rowsOf(first.debts, id), ...rowsOf(second.debts, id)]
  const holds = rowsOf(first.holds, id)
  const refunds = rowsOf(first.refunds, id)
  return {
    wallet: needsWaiting(draft)
      ? { ...wallet, lots: inBurnOrder([...wallet.lots, ...seenWaiting]), waiting: noneWaiting }
      : wallet,
    lotsInRow: wallet.lots,
    seenWaiting,
    now,
    liveHolds: rowsOf(second.live, id).map(holdFromRow),
    namedHolds: holds.map(holdFromRow),
    namedLots: unique(lots, (row) => row.id).map(lotFromRow),
    debts: oldestFirst(unique(debts, (row) => row.transaction).map(debtFromRow)),
    spendings: transactionsIn(rowsOf(first.transactions, id)).flatMap((entries) => {
      const refund = refunds.find((row) => row.transaction === entries[0]?.number)
      return spendingFromRows(entries, refund) ?? []
    }),
    counts: unique(rowsOf(first.counts, id), (row) => `${row.name} ${row.starts_at.getTime()}`).map(
      countFromRow,
    ),
    bound: boundKeys(rowsOf(first.entries, id), rowsOf(second.holds, id)),
  }
}

function mayHaveLapsed({ wallet, now }: Draft): boolean {
  return wallet.nextLapseAt !== undefined && wallet.nextLapseAt <= now
}

/**
 * Whether lots that wait outside of the wallet's row may be needed: when time changed them, when the row's lots may not cover what is asked for,
 * and for operations that may concern any lot.
 */
function needsWaiting(draft: Draft): boolean {
  const { wallet, now, operations } = draft
  const { waiting } = wallet
  if (waiting.count === 0) return false
  if ((waiting.dueAt !== undefined && waiting.dueAt <= now) || wallet.debt > 0n || mayHaveLapsed(draft))
    return true
  let asked = 0n
  for (const operation of operations) {
    if (operation.kind === 'charge' || operation.kind === 'hold') asked += operation.credits
    else if (operation.kind !== 'grant') return true
  }
  let covered = 0n
  for (const lot of wallet.lots) if (canPay(lot, undefined, now)) covered += lot.available
  return asked > covered
}

/** A wallet's id is a hash of whose it is. Should two owners ever share one, nobody's credits are mixed up. */
function checkOwners(rows: readonly OwnerRow[], operations: readonly Operation[]): void {
  const owned = operations.filter(bringsOwner)
  if (owned.length === 0) return
  const ownersById = new Map(rows.map((row) => [row.id, ownerFromRow(row)]))
  for (const operation of owned) {
    const stored = ownersById.get(operation.walletId)
    const same =
      stored?.customer === operation.owner.customer &&
      stored.unit === operation.owner.unit &&
      stored.mode === operation.owner.mode
    invariant(same, 'a wallet belongs to the owner that its id was derived from')
  }
}

function insertMissing(reading: Reading, operations: readonly Operation[]): void {
  const owned = operations.filter(bringsOwner)
  if (owned.length === 0) return
  const byWallet = [...new Map(owned.map((operation) => [operation.walletId, operation.owner]))]
  reading.ask(statements.insertWallets, [
    uuids(byWallet, ([id]) => id),
    plain(byWallet, ([, owner]) => owner.mode),
    quoted(byWallet, ([, owner]) => owner.customer),
    quoted(byWallet, ([, owner]) => owner.unit),
  ])
}

/** What may be the first in its wallet. An observed operation succeeds in a wallet that never had anything. */
function bringsOwner(operation: Operation): operation is Extract<Operation, { owner: WalletOwner }> {
  return (
    operation.kind === 'grant' ||
    operation.kind === 'adjust' ||
    ((operation.kind === 'charge' || operation.kind === 'hold') && operation.isObserved === true)
  )
}

function namesHold(operation: Operation) {
  return 'holdId' in operation
}

function namesLot(operation: Operation) {
  return 'lotId' in operation
}

function transactionsOf(refunds: readonly RefundOperation[]): Column[] {
  return [bigints(refunds, (refund) => refund.transaction)]
}

function limitsOf(operations: readonly Operation[]): { walletId: Uuid; name: string; buckets: number }[] {
  return operations.flatMap((operation) =>
    'limits' in operation
      ? (operation.limits ?? []).map((limit) => ({
          walletId: operation.walletId,
          name: countName(limit),
          buckets: bucketsIn(limit.window),
        }))
      : [],
  )
}

function boundKeys(entries: readonly EntryRow[], holds: readonly HoldRow[]): BoundKey[] {
  return transactionsIn(entries).flatMap((transaction) => {
    const bound = transaction.at(-1)
    if (bound === undefined || bound.key === null || bound.fingerprint === null) return []
    const hold = holds.find((one) => one.id === bound.hold_id)
    return [{ id: bound.key, fingerprint: bound.fingerprint, receipt: receiptFromRows(transaction, hold) }]
  })
}

/** A wallet's entries, transaction by transaction. What a batch asks for twice comes once. */
function transactionsIn(entries: readonly EntryRow[]): EntryRow[][] {
  const byTransaction = new Map<bigint, Map<bigint, EntryRow>>()
  for (const entry of entries) {
    const transaction = entry.number - BigInt(entry.position)
    const rows = byTransaction.get(transaction) ?? new Map<bigint, EntryRow>()
    byTransaction.set(transaction, rows.set(entry.number, entry))
  }
  return [...byTransaction.values()].map((rows) => [...rows.values()])
}

function holdsOf(entries: readonly EntryRow[]): Uuid[] {
  return entries.flatMap((entry) => (entry.key === null || entry.hold_id === null ? [] : [entry.hold_id]))
}

function inWallets<Row, Name>(rows: ById<Row>, namesOf: (rows: readonly Row[]) => readonly Name[]) {
  return [...rows].flatMap(([walletId, its]) => namesOf(its).map((named) => ({ walletId, named })))
}

/** Shared by all that have nothing of a kind. */
const none: readonly never[] = []

/** What is known of a wallet beside its row when nothing was asked, or nothing found: the same for all that are just charged. */
const bare: Omit<LoadedWallet, 'wallet' | 'lotsInRow' | 'now'> = {
  seenWaiting: none,
  liveHolds: none,
  namedHolds: none,
  namedLots: none,
  debts: none,
  spendings: none,
  counts: none,
  bound: none,
}

function rowsOf<Row>(rows: ById<Row>, id: Uuid): readonly Row[] {
  return rows.get(id) ?? none
}

function unique<Row>(rows: readonly Row[], nameOf: (row: Row) => unknown): Row[] {
  return rows.length < 2 ? [...rows] : [...new Map(rows.map((row) => [nameOf(row), row])).values()]
}

/** Questions that go to the database together. Each is answered with its rows once all are done; what was not asked has none. */
class Reading {
  readonly #session: Session
  readonly #requests: Request[] = []
  #answers: readonly (readonly unknown[])[] = []

  constructor(session: Session) {
    this.#session = session
  }

  /** Answers the question's place. */
  ask(statement: Statement, values: readonly Column[]): number {
    return this.#requests.push({ statement, values }) - 1
  }

  /** About each of the things: a column of wallets, and one for each of the names. */
  askAbout<Thing extends { readonly walletId: Uuid }>(
    statement: Statement,
    things: readonly Thing[],
    columnsOf: (things: readonly Thing[]) => readonly Column[],
  ): number | undefined {
    if (things.length === 0) return undefined
    return this.ask(statement, [uuids(things, (thing) => thing.walletId), ...columnsOf(things)])
  }

  askIn(statement: Statement, wallets: readonly Draft[]): number | undefined {
    return wallets.length === 0 ? undefined : this.ask(statement, [uuids(wallets, ({ id }) => id)])
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0
  }

  async done(): Promise<void> {
    this.#answers = await this.#session.runAll(this.#requests)
  }

  hasRows(...places: readonly (number | undefined)[]): boolean {
    return places.some((place) => this.rows(place).length > 0)
  }

  // The statement that was asked says what its rows look like.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  rows<Row>(place: number | undefined): readonly Row[] {
    return place === undefined ? [] : (this.#answers[place] as readonly Row[])
  }

  rowsById<Row extends { readonly wallet_id: Uuid }>(place: number | undefined): ById<Row> {
    return Map.groupBy(this.rows<Row>(place), (row) => row.wallet_id)
  }
}
