import type { Transaction } from '../database/database.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Account, EntryOperation } from './entry.ts'
import type { LotSource } from './operations.ts'

/** An entry with what a reader wants to know of its lot. */
export interface EntryView {
  readonly transactionId: Uuid
  readonly position: number
  readonly operation: EntryOperation
  readonly lotId: Uuid
  readonly lotName: string
  readonly lotSource: LotSource
  readonly from: Account
  readonly to: Account
  readonly credits: Credits
  readonly action: string | undefined
  readonly description: string | undefined
  readonly holdId: Uuid | undefined
  readonly orderId: Uuid | undefined
  readonly effectiveAt: Date
  readonly recordedAt: Date
}

/** Where the next page starts: after this entry. */
export interface EntriesCursor {
  readonly transactionId: Uuid
  readonly position: number
}

export interface EntriesPage {
  readonly limit: number
  readonly before?: EntriesCursor | undefined
}

export interface PageOfEntries {
  readonly entries: readonly EntryView[]
  readonly next: EntriesCursor | undefined
}

/** A wallet's entries, newest first. */
export async function listEntries(
  tx: Transaction,
  walletId: Uuid,
  { limit, before }: EntriesPage,
): Promise<PageOfEntries> {
  const rows = await tx.db
    .selectFrom('entries')
    .innerJoin('lots', (join) =>
      join.onRef('lots.wallet_id', '=', 'entries.wallet_id').onRef('lots.id', '=', 'entries.lot_id'),
    )
    .selectAll('entries')
    .select(['lots.name as lot_name', 'lots.source as lot_source', 'lots.order_id as order_id'])
    .where('entries.wallet_id', '=', walletId)
    .$if(before !== undefined, (query) =>
      query.where((on) =>
        on(
          on.refTuple('entries.transaction_id', 'entries.position'),
          '<',
          on.tuple(before?.transactionId ?? '', before?.position ?? 0),
        ),
      ),
    )
    .orderBy('entries.transaction_id', 'desc')
    .orderBy('entries.position', 'desc')
    // One more than asked for tells whether there is another page.
    .limit(limit + 1)
    .execute()
  const entries = rows.slice(0, limit).map(
    (row): EntryView => ({
      transactionId: row.transaction_id,
      position: row.position,
      operation: row.operation,
      lotId: row.lot_id,
      lotName: row.lot_name,
      lotSource: row.lot_source as LotSource,
      from: row.from_account,
      to: row.to_account,
      credits: micros(row.amount_micros),
      action: row.action ?? undefined,
      description: row.description ?? undefined,
      holdId: row.hold_id ?? undefined,
      orderId: row.order_id ?? undefined,
      effectiveAt: row.effective_at,
      recordedAt: row.recorded_at,
    }),
  )
  const last = entries.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return {
    entries,
    next: hasMore ? { transactionId: last.transactionId, position: last.position } : undefined,
  }
}
