import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'

export interface MirrorKey {
  readonly walletId: Uuid
  readonly provider: string
  readonly entitlementId: string
}

/** One customer's credits of one kind at the provider, and what was posted about them. */
export interface Mirror extends MirrorKey {
  readonly providerCustomerId: string
  /** Debits less credits. */
  readonly posted: Credits
  /** Written down before it is sent, and sent until it is known to have arrived. Below zero where it gives back. */
  readonly pending: { readonly key: string; readonly amount: Credits } | undefined
}

/** Makes mirrors for purchases whose credits the provider granted, unless they are there. */
export async function insertMissing(tx: Transaction, provider: string): Promise<void> {
  await sql`insert into mirrors (wallet_id, provider, entitlement_id, provider_customer_id, looked_at)
    select distinct on (used.entitlement_id, payments.wallet_id) payments.wallet_id, payments.provider, used.entitlement_id, used.provider_customer_id, to_timestamp(0)
    from credit_grants used
    join payments on payments.provider = used.provider and payments.payment_id = used.payment_id
    where used.provider = ${provider} and used.payment_id is not null and payments.wallet_id is not null
    order by used.entitlement_id, payments.wallet_id, used.received_at desc
    on conflict do nothing`.execute(tx.db)
}

/** Those whose wallet has changed since they were looked at, or that have something to send; none that somebody else is at. */
export async function lockDue(tx: Transaction, provider: string, limit: number): Promise<Mirror[]> {
  const rows = await tx.db
    .selectFrom('mirrors')
    .innerJoin('wallets', 'wallets.id', 'mirrors.wallet_id')
    .selectAll('mirrors')
    .where('mirrors.provider', '=', provider)
    .where((row) =>
      row.or([
        row('mirrors.pending_key', 'is not', null),
        row('wallets.updated_at', '>', row.ref('mirrors.looked_at')),
      ]),
    )
    .where((row) => row.or([row('mirrors.retry_at', 'is', null), row('mirrors.retry_at', '<=', tx.now)]))
    .orderBy('mirrors.looked_at')
    .limit(limit)
    .forUpdate('mirrors')
    .skipLocked()
    .execute()
  return rows.map((row) => ({
    walletId: row.wallet_id,
    provider: row.provider,
    entitlementId: row.entitlement_id,
    providerCustomerId: row.provider_customer_id,
    posted: micros(row.posted_micros),
    pending:
      row.pending_key === null || row.pending_micros === null
        ? undefined
        : { key: row.pending_key, amount: micros(row.pending_micros) },
  }))
}

/** How much of what the provider granted is gone: spent, expired or taken back. What is held is not gone yet. */
export async function readGone(
  tx: Transaction,
  { walletId, provider, entitlementId }: MirrorKey,
): Promise<Credits> {
  const { rows } = await sql<{ gone: bigint }>`
    with bought as (
      select payments.lot_id, payments.granted_micros from credit_grants used
      join payments on payments.provider = used.provider and payments.payment_id = used.payment_id
      where used.provider = ${provider} and used.entitlement_id = ${entitlementId} and payments.wallet_id = ${walletId}
    ), open as (
      select lot_id, amount from wallets, unnest(lot_ids, lot_available_micros, lot_held_micros) as lots (lot_id, available, held),
        lateral (select available + held) as sums (amount)
      where wallets.id = ${walletId}
      union all
      select id, available_micros + held_micros from waiting_lots where wallet_id = ${walletId}
    )
    select coalesce(sum(bought.granted_micros - coalesce(open.amount, 0)), 0)::bigint as gone
    from bought left join open on open.lot_id = bought.lot_id`.execute(tx.db)
  return micros(rows[0]?.gone ?? 0n)
}

export async function setPending(
  tx: Transaction,
  { walletId, provider, entitlementId }: MirrorKey,
  pending: Mirror['pending'],
): Promise<void> {
  await tx.db
    .updateTable('mirrors')
    .set({
      looked_at: tx.now,
      retry_at: null,
      note: null,
      pending_key: pending?.key ?? null,
      pending_micros: pending?.amount ?? null,
    })
    .where('wallet_id', '=', walletId)
    .where('provider', '=', provider)
    .where('entitlement_id', '=', entitlementId)
    .execute()
}

/** What was pending under this key has arrived. Does nothing when another process has noted that. */
export async function notePosted(
  tx: Transaction,
  { walletId, provider, entitlementId }: MirrorKey,
  key: string,
): Promise<void> {
  await sql`update mirrors set posted_micros = posted_micros + pending_micros, pending_key = null, pending_micros = null, note = null
    where wallet_id = ${walletId} and provider = ${provider} and entitlement_id = ${entitlementId} and pending_key = ${key}`.execute(
    tx.db,
  )
}

export async function noteFailure(
  tx: Transaction,
  { walletId, provider, entitlementId }: MirrorKey,
  { note, retryAt }: { readonly note: string; readonly retryAt: Date },
): Promise<void> {
  await tx.db
    .updateTable('mirrors')
    .set({ note, retry_at: retryAt })
    .where('wallet_id', '=', walletId)
    .where('provider', '=', provider)
    .where('entitlement_id', '=', entitlementId)
    .execute()
}
