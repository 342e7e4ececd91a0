import { type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { CreditGrant } from '../providers/told.ts'
import type { Payment } from './payment.ts'
import type { Told } from './queries.ts'

/** Credits of the provider's own credit system, and which payment they were used for. */
export interface KeptGrant {
  readonly provider: string
  readonly grantId: string
  readonly providerCustomerId: string
  readonly entitlementId: string
  /** Undefined when they have more decimals than ours can have. */
  readonly credits: Credits | undefined
  readonly referenceId: string | undefined
  readonly paymentId: string | undefined
}

/** One transaction at a time for what is told of one of the provider's customers, until its end. */
export async function lockProviderCustomer(
  tx: Transaction,
  provider: string,
  providerCustomerId: string,
): Promise<void> {
  const name = `${provider} customer ${providerCustomerId}`
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx.db)
}

/** Keeps what was told, once, and answers what is known by now. */
export async function putGrant(
  tx: Transaction,
  { provider, mode }: Told,
  told: CreditGrant,
  credits: Credits | undefined,
): Promise<KeptGrant> {
  const row = await tx.db
    .insertInto('credit_grants')
    .values({
      provider,
      grant_id: told.grantId,
      mode,
      provider_customer_id: told.providerCustomerId,
      entitlement_id: told.entitlementId,
      credits_micros: credits ?? null,
      reference_id: told.referenceId ?? null,
      received_at: tx.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'grant_id'])
        .doUpdateSet({ reference_id: sql`coalesce(excluded.reference_id, credit_grants.reference_id)` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  return grantFrom(row)
}

/**
 * The payment that waits for the credits: the one that they name where they name one; else the oldest of the same customer that bought as many of the same
 * kind.
 */
export async function findPaymentAwaiting(tx: Transaction, grant: KeptGrant): Promise<string | undefined> {
  const { credits } = grant
  if (credits === undefined) return undefined
  const waiting = await tx.db
    .selectFrom('payments')
    .innerJoin('orders', 'orders.id', 'payments.order_id')
    .innerJoin('provider_entitlements', (join) =>
      join
        .onRef('provider_entitlements.provider', '=', 'orders.provider')
        .onRef('provider_entitlements.mode', '=', 'orders.mode')
        .onRef('provider_entitlements.unit', '=', 'orders.unit'),
    )
    .select('payments.payment_id')
    .where('payments.standing', '=', 'awaiting_credits')
    .where('payments.provider', '=', grant.provider)
    .where('payments.provider_customer_id', '=', grant.providerCustomerId)
    .where('provider_entitlements.entitlement_id', '=', grant.entitlementId)
    // Dodo does not say whether it multiplies attached credits by the quantity: the order's credits are granted either way.
    .where(sql<boolean>`orders.credits_micros in (${credits}::bigint, ${credits}::bigint * orders.quantity)`)
    .orderBy('payments.received_at')
    .execute()
  const ids = waiting.map((row) => row.payment_id)
  const { referenceId } = grant
  if (referenceId === undefined) return ids[0]
  if (ids.includes(referenceId)) return referenceId
  // It names something else than a payment, as Dodo's reference types are not documented; or a payment that is not known yet.
  return referenceId.startsWith('pay_') ? undefined : ids[0]
}

/** Credits that came before the payment. */
export async function findGrantFor(tx: Transaction, payment: Payment): Promise<KeptGrant | undefined> {
  if (payment.providerCustomerId === undefined) return undefined
  const rows = await tx.db
    .selectFrom('credit_grants')
    .selectAll()
    .where('provider', '=', payment.provider)
    .where('provider_customer_id', '=', payment.providerCustomerId)
    .where('payment_id', 'is', null)
    .orderBy('received_at')
    .execute()
  // One after the other, for they are few and of one connection.
  for (const row of rows) {
    const grant = grantFrom(row)
    // oxlint-disable-next-line no-await-in-loop
    if ((await findPaymentAwaiting(tx, grant)) === payment.paymentId) return grant
  }
  return undefined
}

export async function markUsed(
  tx: Transaction,
  { provider, grantId }: KeptGrant,
  paymentId: string,
): Promise<void> {
  await tx.db
    .updateTable('credit_grants')
    .set({ payment_id: paymentId })
    .where('provider', '=', provider)
    .where('grant_id', '=', grantId)
    .execute()
}

function grantFrom(row: Selectable<Tables['credit_grants']>): KeptGrant {
  return {
    provider: row.provider,
    grantId: row.grant_id,
    providerCustomerId: row.provider_customer_id,
    entitlementId: row.entitlement_id,
    credits: row.credits_micros === null ? undefined : micros(row.credits_micros),
    referenceId: row.reference_id ?? undefined,
    paymentId: row.payment_id ?? undefined,
  }
}
