import type { Transaction } from '../database/database.ts'
import type { Credits } from '../kernel/credits.ts'
import { micros } from '../kernel/credits.ts'
import type { IdInWallet, Mode, Uuid, WalletOwner } from '../kernel/ids.ts'
import type { LedgerContext } from './context.ts'
import type { LotSource } from './operations.ts'
import {
  emptyWallet,
  type HoldRow,
  holdFromRow,
  ownerFromRow,
  type WalletRow,
  walletFromRow,
} from './rows.ts'
import { settle } from './settle.ts'
import * as statements from './statements.ts'
import { type Balance, balanceOf, type Hold, type Wallet } from './wallet.ts'

export interface LotView {
  readonly id: Uuid
  readonly source: LotSource
  readonly name: string
  readonly granted: Credits
  readonly available: Credits
  readonly held: Credits
  readonly effectiveAt: Date
  readonly expiresAt: Date | undefined
  readonly grantedAt: Date
}

export interface BalanceView {
  readonly balance: Balance
  /** With something left, in the order in which they burn. */
  readonly lots: readonly LotView[]
}

export interface HoldView {
  readonly owner: WalletOwner
  readonly hold: Hold
  readonly balance: Balance
}

/** A wallet as of now: what time alone did to it is applied in memory, and nothing is written. */
interface WalletNow {
  readonly wallet: Wallet
  readonly owner: WalletOwner | undefined
  readonly lapsed: readonly Hold[]
  readonly now: Date
}

async function readWalletNow(tx: Transaction, id: Uuid, context: LedgerContext): Promise<WalletNow> {
  const [row] = await tx.run<WalletRow>(statements.readWallets, [[id]])
  if (row === undefined) return { wallet: emptyWallet(id), owner: undefined, lapsed: [], now: tx.now }
  const clock = context.clock?.() ?? row.locked_at
  const now = clock > row.updated_at ? clock : row.updated_at
  const mayHaveLapsed = row.next_lapse_at !== null && row.next_lapse_at <= now
  const live = mayHaveLapsed ? await tx.run<HoldRow>(statements.readLiveHolds, [[id]]) : []
  const settled = settle(walletFromRow(row), live.map(holdFromRow), now, context.newId)
  return { wallet: settled.wallet, owner: ownerFromRow(row), lapsed: settled.lapsed, now }
}

export async function readBalance(tx: Transaction, id: Uuid, context: LedgerContext): Promise<BalanceView> {
  const { wallet, now } = await readWalletNow(tx, id, context)
  if (wallet.lots.length === 0) return { balance: balanceOf(wallet, now), lots: [] }
  const facts = await tx.db
    .selectFrom('lots')
    .select(['id', 'source', 'name', 'granted_micros', 'granted_at'])
    .where('wallet_id', '=', id)
    .where(
      'id',
      'in',
      wallet.lots.map((lot) => lot.id),
    )
    .execute()
  const factsById = new Map(facts.map((row) => [row.id, row]))
  const lots = wallet.lots.flatMap((lot): LotView[] => {
    const fact = factsById.get(lot.id)
    if (fact === undefined) return []
    return [
      {
        id: lot.id,
        source: fact.source as LotSource,
        name: fact.name,
        granted: micros(fact.granted_micros),
        available: lot.available,
        held: lot.held,
        effectiveAt: lot.effectiveAt,
        expiresAt: lot.expiresAt,
        grantedAt: fact.granted_at,
      },
    ]
  })
  return { balance: balanceOf(wallet, now), lots }
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
