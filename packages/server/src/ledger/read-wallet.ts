import type { Selectable } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { IdInWallet, Mode, Uuid, WalletOwner } from '../kernel/ids.ts'
import { later } from '../kernel/time.ts'
import type { LedgerContext } from './context.ts'
import type { Entry } from './entry.ts'
import { type LotUpdate, lotAfter, openLotOf } from './lot.ts'
import { type LotFacts, type LotView, viewOfLot } from './lot-view.ts'
import type { LotCategory, LotSource } from './operations.ts'
import {
  type DebtRow,
  debtFromRow,
  emptyWallet,
  type HoldRow,
  holdFromRow,
  lotFromRow,
  type OwnerRow,
  ownerFromRow,
  type WaitingLotRow,
  type WalletRow,
  waitingLotFromRow,
  walletFromRow,
} from './rows.ts'
import { settle } from './settle.ts'
import * as statements from './statements.ts'
import {
  type Balance,
  balanceOf,
  type Hold,
  inBurnOrder,
  noneWaiting,
  oldestFirst,
  type Wallet,
} from './wallet.ts'

export interface BalanceView {
  readonly balance: Balance
  /** With something left, in the order in which they burn: the first of them. */
  readonly lots: readonly LotView[]
  /** How many lots have something left. */
  readonly lotCount: number
}

export interface OwnedLotView {
  readonly owner: WalletOwner
  readonly lot: LotView
}

export interface HoldView {
  readonly owner: WalletOwner
  readonly hold: Hold
  readonly balance: Balance
}

/** A wallet as of an instant: what time alone did to it is applied in memory, and nothing is written. */
export interface WalletNow {
  readonly wallet: Wallet
  readonly owner: WalletOwner | undefined
  readonly lapsed: readonly Hold[]
  /** What time alone did and nobody has written yet. */
  readonly entries: readonly Entry[]
  readonly lotUpdates: readonly LotUpdate[]
  readonly now: Date
  /** When the wallet last changed; undefined when it never did. */
  readonly updatedAt: Date | undefined
}

const nothing = { lapsed: [], entries: [], lotUpdates: [] } as const

/** More than a page shows. */
const lotsShownMax = 100

/**
 * @param readSome reads those of the waiting lots that the caller is about, where time can have changed none of them: then the wallet has these only,
 *   and its sums are those of all. Else, and unless given, all are read
 */
export async function readWalletNow(
  tx: Transaction,
  id: Uuid,
  context: LedgerContext,
  readSome?: () => Promise<WaitingLotRow[]>,
): Promise<WalletNow> {
  const [row] = await tx.run<WalletRow & OwnerRow>(statements.readWallets, [[id]])
  const clock = context.clock?.() ?? tx.now
  if (row === undefined)
    return { ...nothing, wallet: emptyWallet(id), owner: undefined, now: clock, updatedAt: undefined }
  const now = later(clock, row.updated_at)
  const stored = walletFromRow(row)
  const mayHaveLapsed = row.next_lapse_at !== null && row.next_lapse_at <= now
  const isDue = stored.waiting.dueAt !== undefined && stored.waiting.dueAt <= now
  const readWaiting =
    readSome === undefined || isDue || mayHaveLapsed
      ? () => tx.run<WaitingLotRow>(statements.readWaitingLots, [[id]])
      : readSome
  const waiting = stored.waiting.count === 0 ? [] : await readWaiting()
  const debts = stored.debt === 0n ? [] : await tx.run<DebtRow>(statements.readOpenDebts, [[id]])
  const live = mayHaveLapsed ? await tx.run<HoldRow>(statements.readLiveHolds, [[id]]) : []
  const lots = inBurnOrder([...stored.lots, ...waiting.map(waitingLotFromRow)])
  const whole = { ...stored, lots, waiting: noneWaiting }
  const open = oldestFirst(debts.map(debtFromRow))
  const settled = settle(whole, open, live.map(holdFromRow), now)
  return {
    wallet: settled.wallet,
    owner: ownerFromRow(row),
    lapsed: settled.lapsed,
    entries: settled.entries,
    lotUpdates: settled.lotUpdates,
    now,
    updatedAt: row.updated_at,
  }
}

/** A wallet with all lots that have something left. */
export async function readOpenLots(
  tx: Transaction,
  id: Uuid,
  context: LedgerContext,
): Promise<WalletNow & { readonly lots: readonly LotView[] }> {
  const walletNow = await readWalletNow(tx, id, context)
  const ids = walletNow.wallet.lots.map((lot) => lot.id)
  return { ...walletNow, lots: await readLots(tx, walletNow, ids) }
}

export async function readBalance(tx: Transaction, id: Uuid, context: LedgerContext): Promise<BalanceView> {
  const walletNow = await readWalletNow(tx, id, context)
  const { wallet, now } = walletNow
  const shown = wallet.lots.slice(0, lotsShownMax)
  const lots = await readLots(
    tx,
    walletNow,
    shown.map((lot) => lot.id),
  )
  return { balance: balanceOf(wallet, now), lots, lotCount: wallet.lots.length }
}

export async function readLot(
  tx: Transaction,
  { walletId, id }: IdInWallet,
  context: LedgerContext,
): Promise<OwnedLotView | undefined> {
  const walletNow = await readWalletNow(tx, walletId, context)
  const { owner } = walletNow
  const [lot] = await readLots(tx, walletNow, [id])
  return owner === undefined || lot === undefined ? undefined : { owner, lot }
}

/** Lots by their ids, in that order, as of now. */
export async function readLots(
  tx: Transaction,
  happened: WalletNow,
  ids: readonly Uuid[],
): Promise<LotView[]> {
  if (ids.length === 0) return []
  const rows = await tx.db
    .selectFrom('lots')
    .selectAll()
    .where('wallet_id', '=', happened.wallet.id)
    .where('id', 'in', [...ids])
    .execute()
  const rowsById = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = rowsById.get(id)
    return row === undefined ? [] : [viewOfRow(row, happened)]
  })
}

export type WholeLotRow = Selectable<Tables['lots']>

/** A lot as of now, by its row and what happened in its wallet. */
export function viewOfRow(row: WholeLotRow, happened: WalletNow): LotView {
  const lot = lotAfter(lotFromRow(row), happened)
  return viewOfLot(lot, openLotOf(happened.wallet, row.id), factsFromRow(row))
}

function factsFromRow(row: WholeLotRow): LotFacts {
  return {
    source: row.source as LotSource,
    category: row.category as LotCategory,
    name: row.name,
    grantedAt: row.granted_at,
    paid:
      row.paid_amount_minor === null || row.paid_currency === null
        ? undefined
        : { amountMinor: row.paid_amount_minor, currency: row.paid_currency },
    metadata: row.metadata ?? {},
    orderId: row.order_id ?? undefined,
  }
}

export async function readHold(
  tx: Transaction,
  { walletId, id }: IdInWallet,
  context: LedgerContext,
): Promise<HoldView | undefined> {
  const { wallet, owner, lapsed, now } = await readWalletNow(tx, walletId, context)
  const [row] = await tx.run<HoldRow>(statements.readHolds, [[walletId], [id]])
  if (row === undefined || owner === undefined) return undefined
  const hold = lapsed.find((one) => one.id === id) ?? holdFromRow(row)
  return { owner, hold, balance: balanceOf(wallet, now) }
}

export async function readOwner(tx: Transaction, id: Uuid): Promise<WalletOwner | undefined> {
  const row = await tx.db
    .selectFrom('wallets')
    .select(['mode', 'customer_id', 'unit'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : { mode: row.mode as Mode, customer: row.customer_id, unit: row.unit }
}
