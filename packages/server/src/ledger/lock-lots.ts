import type { Transaction } from '../database/database.ts'
import type { IdInWallet } from '../kernel/ids.ts'
import type { LedgerContext } from './context.ts'
import type { LotView } from './lot-view.ts'
import { readLot } from './read-wallet.ts'
import * as statements from './statements.ts'

/** Lots as they are, in the order asked for, with their wallets locked: nobody else changes them until the transaction ends. */
export async function lockLots(
  tx: Transaction,
  lots: readonly IdInWallet[],
  context: LedgerContext,
): Promise<(IdInWallet & { readonly lot: LotView })[]> {
  await tx.run(statements.lockWallets, [lots.map(({ walletId }) => walletId)])
  const found: (IdInWallet & { readonly lot: LotView })[] = []
  for (const id of lots) {
    // oxlint-disable-next-line no-await-in-loop
    const read = await readLot(tx, id, context)
    if (read !== undefined) found.push({ ...id, lot: read.lot })
  }
  return found
}
