import type { Transaction } from '../database/database.ts'
import type { Credits } from '../kernel/credits.ts'
import { micros } from '../kernel/credits.ts'
import type { IdInWallet, Mode, Uuid, WalletOwner } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import { later } from '../kernel/time.ts'
import type { LedgerContext } from './context.ts'
import type { LotCategory, LotSource } from './operations.ts'
import {
  type DebtRow,
  debtFromRow,
  emptyWallet,
  type HoldRow,
  holdFromRow,
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
  burnsBefore,
  type Hold,
  noneWaiting,
  type OpenLot,
  type Wallet,
} from './wallet.ts'

/** A lot with what its holder wants to know. */
export interface LotView {
  readonly id: Uuid
  readonly source: LotSource
  readonly category: LotCategory
  readonly name: string
  readonly granted: Credits
  readonly available: Credits
  readonly held: Credits
  readonly priority: number
  readonly effectiveAt: Date
  readonly expiresAt: Date | undefined
  readonly grantedAt: Date
  readonly scope: readonly string[] | undefined
  readonly isFrozen: boolean
  readonly paid: Money | undefined
  readonly metadata: Readonly<Record<string, string>>
}

export interface BalanceView {
  readonly balance: Balance
  /** With something left, in the order in which they burn: the first of them. */
  readonly lots: readonly LotView[]
  /** How many lots have something left. */
  readonly lotCount: number
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
  readonly now: Date
  /** When the wallet last changed; undefined when it never did. */
  readonly updatedAt: Date | undefined
}

/** More than a page shows. */
const lotsShownMax = 100

export async function readWalletNow(tx: Transaction, id: Uuid, context: LedgerContext): Promise<WalletNow> {
  const [row] = await tx.run<WalletRow>(statements.readWallets, [[id]])
  const clock = context.clock?.() ?? tx.now
  if (row === undefined)
    return { wallet: emptyWallet(id), owner: undefined, lapsed: [], now: clock, updatedAt: undefined }
  const now = later(clock, row.updated_at)
  const stored = walletFromRow(row)
  const waiting =
    stored.waiting.count === 0 ? [] : await tx.run<WaitingLotRow>(statements.readWaitingLots, [[id]])
  const debts = stored.debt === 0n ? [] : await tx.run<DebtRow>(statements.readOpenDebts, [[id]])
  const mayHaveLapsed = row.next_lapse_at !== null && row.next_lapse_at <= now
  const live = mayHaveLapsed ? await tx.run<HoldRow>(statements.readLiveHolds, [[id]]) : []
  const lots = [...stored.lots, ...waiting.map(waitingLotFromRow)].sort((a, b) =>
    burnsBefore(a, b) ? -1 : 1,
  )
  const whole = { ...stored, lots, waiting: noneWaiting }
  const open = debts.map(debtFromRow).sort((a, b) => Number(a.transaction - b.transaction))
  const settled = settle(whole, open, live.map(holdFromRow), now)
  return {
    wallet: settled.wallet,
    owner: ownerFromRow(row),
    lapsed: settled.lapsed,
    now,
    updatedAt: row.updated_at,
  }
}

export async function readBalance(tx: Transaction, id: Uuid, context: LedgerContext): Promise<BalanceView> {
  const { wallet, now } = await readWalletNow(tx, id, context)
  const lots = await viewLots(tx, id, wallet.lots.slice(0, lotsShownMax))
  return { balance: balanceOf(wallet, now), lots, lotCount: wallet.lots.length }
}

async function viewLots(tx: Transaction, walletId: Uuid, lots: readonly OpenLot[]): Promise<LotView[]> {
  if (lots.length === 0) return []
  const facts = await readLotViews(
    tx,
    walletId,
    lots.map((lot) => lot.id),
  )
  return lots.flatMap((lot) => {
    const view = facts.get(lot.id)
    if (view === undefined) return []
    const { available, held, expiresAt } = lot
    return [{ ...view, available, held, expiresAt, isFrozen: lot.traits?.isFrozen === true }]
  })
}

/** Lots by their ids, as granted: with nothing in them. */
export async function readLotViews(
  tx: Transaction,
  walletId: Uuid,
  ids: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, LotView>> {
  const rows = await tx.db
    .selectFrom('lots')
    .selectAll()
    .where('wallet_id', '=', walletId)
    .where('id', 'in', [...ids])
    .execute()
  const none = micros(0n)
  return new Map(
    rows.map((row): [Uuid, LotView] => [
      row.id,
      {
        id: row.id,
        source: row.source as LotSource,
        category: row.category as LotCategory,
        name: row.name,
        granted: micros(row.granted_micros),
        available: none,
        held: none,
        priority: row.priority,
        effectiveAt: row.effective_at,
        expiresAt: row.expires_at ?? undefined,
        grantedAt: row.granted_at,
        scope: row.scope ?? undefined,
        isFrozen: row.is_frozen,
        paid:
          row.paid_amount_minor === null || row.paid_currency === null
            ? undefined
            : { amountMinor: row.paid_amount_minor, currency: row.paid_currency },
        metadata: row.metadata ?? {},
      },
    ]),
  )
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
