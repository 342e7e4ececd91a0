import { type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { IdInWallet, Mode, Uuid } from '../kernel/ids.ts'
import type { LotJson, Merge, Taking, TakingKey } from './merge.ts'

export interface CustomerKey {
  readonly mode: Mode
  readonly customer: string
}

/** Which of the customers there are, locked in the order of their ids. */
export async function lockCustomers(
  tx: Transaction,
  { mode, customers }: { mode: Mode; customers: readonly string[] },
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('customers')
    .select('id')
    .where('mode', '=', mode)
    .where('id', 'in', [...customers])
    .orderBy('id')
    .forUpdate()
    .execute()
  return rows.map((row) => row.id)
}

export async function findMerge(
  tx: Transaction,
  { mode, customer }: CustomerKey,
): Promise<Merge | undefined> {
  const row = await tx.db
    .selectFrom('merges')
    .selectAll()
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .executeTakeFirst()
  return row === undefined ? undefined : mergeFrom(row)
}

export async function lockMerge(tx: Transaction, { mode, customer }: CustomerKey): Promise<Merge> {
  const row = await tx.db
    .selectFrom('merges')
    .selectAll()
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return mergeFrom(row)
}

/** To be looked at from now on, should whoever makes it not come to it. */
export async function insertMerge(
  tx: Transaction,
  { mode, customer, into }: CustomerKey & { readonly into: string },
): Promise<void> {
  await tx.db
    .insertInto('merges')
    .values({ mode, customer_id: customer, into_customer_id: into, created_at: tx.now, looks_at: tx.now })
    .execute()
}

export async function setNextLook(
  tx: Transaction,
  { mode, customer }: CustomerKey,
  looksAt: Date | undefined,
): Promise<void> {
  await tx.db
    .updateTable('merges')
    .set({ looks_at: looksAt ?? null })
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
}

/** Merges that are to be looked at, put off so that nobody else comes to them meanwhile. */
export async function takeDue(
  tx: Transaction,
  { mode, limit, until }: { mode: Mode; limit: number; until: Date },
): Promise<Merge[]> {
  const rows = await tx.db
    .selectFrom('merges')
    .selectAll()
    .where('mode', '=', mode)
    .where('looks_at', '<=', tx.now)
    .orderBy('looks_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  const merges = rows.map(mergeFrom)
  for (const merge of merges) {
    // oxlint-disable-next-line no-await-in-loop
    await setNextLook(tx, merge, until)
  }
  return merges
}

/** The lot that a wallet got under a key. */
export async function findLotOfKey(
  tx: Transaction,
  { walletId, key }: { walletId: Uuid; key: Uuid },
): Promise<Uuid | undefined> {
  const row = await tx.db
    .selectFrom('entries')
    .select('lot_id')
    .where('wallet_id', '=', walletId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.lot_id ?? undefined
}

/** Takings are numbered within their wallet; the merge's row is locked. */
export async function nextNumber(tx: Transaction, walletId: Uuid): Promise<number> {
  const row = await tx.db
    .selectFrom('merge_takings')
    .select((taking) => taking.fn.max('number').as('last'))
    .where('wallet_id', '=', walletId)
    .executeTakeFirst()
  return (row?.last ?? 0) + 1
}

export async function insertTaking(
  tx: Transaction,
  taking: Omit<Taking, 'takenAt' | 'arrivedAt'>,
): Promise<void> {
  await tx.db
    .insertInto('merge_takings')
    .values({
      wallet_id: taking.walletId,
      number: taking.number,
      mode: taking.mode,
      customer_id: taking.customer,
      into_customer_id: taking.into,
      unit: taking.unit,
      lots: JSON.stringify(taking.lots),
      taken_at: tx.now,
    })
    .execute()
}

/** One that is on its way; undefined when it has arrived. */
export async function lockTaking(
  tx: Transaction,
  { walletId, number }: TakingKey,
): Promise<Taking | undefined> {
  const row = await tx.db
    .selectFrom('merge_takings')
    .selectAll()
    .where('wallet_id', '=', walletId)
    .where('number', '=', number)
    .where('arrived_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? undefined : takingFrom(row)
}

export async function markArrived(tx: Transaction, { walletId, number }: TakingKey): Promise<void> {
  await tx.db
    .updateTable('merge_takings')
    .set({ arrived_at: tx.now })
    .where('wallet_id', '=', walletId)
    .where('number', '=', number)
    .execute()
}

/** Takings that are on their way for so long that their job must be lost. */
export async function listLost(
  tx: Transaction,
  { mode, before, limit }: { mode: Mode; before: Date; limit: number },
): Promise<TakingKey[]> {
  const rows = await tx.db
    .selectFrom('merge_takings')
    .select(['wallet_id', 'number'])
    .where('mode', '=', mode)
    .where('arrived_at', 'is', null)
    .where('taken_at', '<', before)
    .orderBy('taken_at')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ walletId: row.wallet_id, number: row.number }))
}

/** What was taken of the wallets, in order. */
export async function listTakings(
  tx: Transaction,
  { wallets, limit }: { wallets: readonly Uuid[]; limit: number },
): Promise<Taking[]> {
  const rows = await tx.db
    .selectFrom('merge_takings')
    .selectAll()
    .where('wallet_id', 'in', [...wallets])
    .orderBy('taken_at', 'desc')
    .orderBy('number', 'desc')
    .orderBy('unit', 'desc')
    .limit(limit)
    .execute()
  return rows.map(takingFrom).reverse()
}

/** What was taken of one lot, in order. */
export async function listTakingsOfLot(tx: Transaction, { walletId, id }: IdInWallet): Promise<Taking[]> {
  const rows = await tx.db
    .selectFrom('merge_takings')
    .selectAll()
    .where('wallet_id', '=', walletId)
    .where(sql<boolean>`lots @> ${JSON.stringify([{ lot: id }])}::jsonb`)
    .orderBy('number')
    .execute()
  return rows.map(takingFrom)
}

function mergeFrom(row: Selectable<Tables['merges']>): Merge {
  return {
    mode: row.mode as Mode,
    customer: row.customer_id,
    into: row.into_customer_id,
    createdAt: row.created_at,
  }
}

function takingFrom(row: Selectable<Tables['merge_takings']>): Taking {
  return {
    walletId: row.wallet_id,
    number: row.number,
    mode: row.mode as Mode,
    customer: row.customer_id,
    into: row.into_customer_id,
    unit: row.unit,
    lots: row.lots as readonly LotJson[],
    takenAt: row.taken_at,
    arrivedAt: row.arrived_at ?? undefined,
  }
}
