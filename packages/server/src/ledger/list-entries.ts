import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Account, EntryOperation } from './entry.ts'
import type { LotSource } from './operations.ts'

/** An entry with what a reader wants to know of its lot. */
export interface EntryView {
  readonly number: bigint
  /** The number of its transaction's first entry. */
  readonly transaction: bigint
  readonly operation: EntryOperation
  /** Undefined where debt was made or repaid, and for some notes. */
  readonly lot: EntryLot | undefined
  /** Both undefined for a note: something that moved nothing. */
  readonly from: Account | undefined
  readonly to: Account | undefined
  readonly credits: Credits
  readonly action: string | undefined
  readonly description: string | undefined
  readonly actor: string | undefined
  readonly holdId: Uuid | undefined
  /** The transaction that was refunded or whose debt was repaid. */
  readonly aboutTransaction: bigint | undefined
  readonly effectiveAt: Date
  readonly recordedAt: Date
}

export interface EntryLot {
  readonly id: Uuid
  readonly name: string
  readonly source: LotSource
  readonly orderId: Uuid | undefined
}

/** Which entries: all of the conditions that are given hold. */
export interface EntriesFilter {
  readonly lot?: Uuid | undefined
  readonly hold?: Uuid | undefined
  readonly order?: Uuid | undefined
  readonly action?: string | undefined
  /** Recorded then or later. */
  readonly from?: Date | undefined
  /** Recorded before. */
  readonly until?: Date | undefined
}

export interface EntriesPage extends EntriesFilter {
  readonly limit: number
  /** The page starts after the entry of this number, which is older. */
  readonly before?: bigint | undefined
}

export interface PageOfEntries {
  readonly entries: readonly EntryView[]
  readonly next: bigint | undefined
}

/** A wallet's entries, newest first. Within a wallet numbers and times of recording rise together, so that a time is found as quickly as a number. */
export async function listEntries(
  tx: Transaction,
  walletId: Uuid,
  page: EntriesPage,
): Promise<PageOfEntries> {
  const { limit, lot, hold, order, action, from, until } = page
  const before =
    until === undefined ? page.before : least(page.before, await firstRecordedFrom(tx, walletId, until))
  const after = from === undefined ? undefined : await firstRecordedFrom(tx, walletId, from)
  const rows = await tx.db
    .selectFrom('entries')
    .leftJoin('lots', (join) =>
      join.onRef('lots.wallet_id', '=', 'entries.wallet_id').onRef('lots.id', '=', 'entries.lot_id'),
    )
    .selectAll('entries')
    .select(['lots.name as lot_name', 'lots.source as lot_source', 'lots.order_id as order_id'])
    .where('entries.wallet_id', '=', walletId)
    .$if(before !== undefined, (query) => query.where('entries.number', '<', before ?? 0n))
    .$if(after !== undefined, (query) => query.where('entries.number', '>=', after ?? 0n))
    .$if(lot !== undefined, (query) => query.where('entries.lot_id', '=', lot ?? ''))
    .$if(hold !== undefined, (query) => query.where('entries.hold_id', '=', hold ?? ''))
    .$if(order !== undefined, (query) => query.where('lots.order_id', '=', order ?? ''))
    .$if(action !== undefined, (query) => query.where('entries.action', '=', action ?? ''))
    .orderBy('entries.number', 'desc')
    // One more than asked for tells whether there is another page.
    .limit(limit + 1)
    .execute()
  const entries = rows.slice(0, limit).map(
    (row): EntryView => ({
      number: row.number,
      transaction: row.number - BigInt(row.position),
      operation: row.operation,
      lot:
        row.lot_id === null
          ? undefined
          : {
              id: row.lot_id,
              name: row.lot_name ?? '',
              source: row.lot_source as LotSource,
              orderId: row.order_id ?? undefined,
            },
      from: row.from_account ?? undefined,
      to: row.to_account ?? undefined,
      credits: micros(row.amount_micros),
      action: row.action ?? undefined,
      description: row.description ?? undefined,
      actor: row.actor ?? undefined,
      holdId: row.hold_id ?? undefined,
      aboutTransaction: row.about_transaction ?? undefined,
      effectiveAt: row.effective_at ?? row.recorded_at,
      recordedAt: row.recorded_at,
    }),
  )
  return { entries, next: rows.length > limit ? entries.at(-1)?.number : undefined }
}

/** The number of the first entry recorded at an instant or later; one more than the last when there is none. By halving: twenty probes find one of a million. */
async function firstRecordedFrom(tx: Transaction, walletId: Uuid, instant: Date): Promise<bigint> {
  const { rows } = await sql<{ number: bigint }>`
    with recursive search (low, high) as (
      select 1::bigint, (select entry_count + 1 from wallets where id = ${walletId})
      union all
      select
        case when recorded_at < ${instant} then middle + 1 else low end,
        case when recorded_at < ${instant} then high else middle end
      from (select low, high, (low + high) / 2 as middle from search where low < high) as half
        join entries on entries.wallet_id = ${walletId} and entries.number = middle
    )
    select low as number from search where low = high`.execute(tx.db)
  return rows[0]?.number ?? 1n
}

function least(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a
}
