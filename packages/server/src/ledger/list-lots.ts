import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { LedgerContext } from './context.ts'
import type { LotView } from './lot-view.ts'
import { readLots, readWalletNow, viewOfRow, type WholeLotRow } from './read-wallet.ts'
import type { WaitingLotRow } from './rows.ts'
import * as statements from './statements.ts'

export interface LotsPage {
  /** Only lots with something available or held; all unless given. */
  readonly open?: boolean | undefined
  readonly limit: number
  /** The page starts after this lot, which is newer. */
  readonly before?: Uuid | undefined
}

export interface PageOfLots {
  readonly lots: readonly LotView[]
  readonly next: Uuid | undefined
}

/** After every id. */
const endOfIds = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * A wallet's lots as of now, newest first. Of a wallet with thousands a page reads about as many rows as it shows, unless time changed something that nobody
 * has written yet: then all that is open is settled in memory first.
 */
export async function listLots(
  tx: Transaction,
  walletId: Uuid,
  { limit, before = endOfIds, open = false }: LotsPage,
  context: LedgerContext,
): Promise<PageOfLots> {
  // One more than asked for tells whether there is another page. Of so many lots no more than so many wait.
  const page = [walletId, before, limit + 1]
  const walletNow = await readWalletNow(tx, walletId, context, () =>
    tx.run<WaitingLotRow>(statements.readNewestWaitingLots, page),
  )
  const found = open
    ? await readLots(tx, walletNow, newestOf(walletNow.wallet.lots, before, limit + 1))
    : (await tx.run<WholeLotRow>(statements.readNewestLots, page)).map((row) => viewOfRow(row, walletNow))
  const lots = found.slice(0, limit)
  return { lots, next: found.length > limit ? lots.at(-1)?.id : undefined }
}

function newestOf(lots: readonly { readonly id: Uuid }[], before: Uuid, limit: number): Uuid[] {
  const ids = lots.map(({ id }) => id).filter((id) => id < before)
  return ids.toSorted((a, b) => (a > b ? -1 : 1)).slice(0, limit)
}
