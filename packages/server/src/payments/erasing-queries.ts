/** Statements about what was typed of a person whose payments these are: why money went back, why a bank was asked for it, why nothing follows from a payment. */
import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import type { PaymentKey } from './payment.ts'

export interface PaymentsOf {
  readonly mode: Mode
  readonly customer: string
  /** What the provider calls them. */
  readonly providerCustomerIds: readonly string[]
}

/**
 * Their payments, locked in the order of their ids: whoever settles something of them has committed by then, or sees afterwards that the customer is erased. Reads all
 * payments, for those that are of no order are found by nothing else, and erasing is rare.
 */
export async function lockPaymentsOf(
  tx: Transaction,
  { mode, customer, providerCustomerIds }: PaymentsOf,
): Promise<PaymentKey[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .select(['provider', 'payment_id'])
    .where('mode', '=', mode)
    .where((payment) =>
      payment.or([
        payment.and([
          payment('order_id', 'is', null),
          payment.or([
            payment('customer_id', '=', customer),
            payment('provider_customer_id', '=', sql<string>`any(${[...providerCustomerIds]}::text[])`),
          ]),
        ]),
        payment(
          'order_id',
          'in',
          payment
            .selectFrom('orders')
            .select('orders.id')
            .where('orders.mode', '=', mode)
            .where('orders.customer_id', '=', customer),
        ),
      ]),
    )
    .orderBy('provider')
    .orderBy('payment_id')
    .forUpdate()
    .execute()
  return rows.map((row) => ({ provider: row.provider, paymentId: row.payment_id }))
}

/** Blanks why they were refunded, disputed and dismissed. That they were, when and by whom stays. */
export async function blankReasons(tx: Transaction, payments: readonly PaymentKey[]): Promise<void> {
  const isOneOfThem = sql<boolean>`(provider, payment_id) in (
    select * from unnest(${payments.map(({ provider }) => provider)}::text[], ${payments.map(({ paymentId }) => paymentId)}::text[]))`
  await tx.db.updateTable('refund_requests').set({ reason: null }).where(isOneOfThem).execute()
  await tx.db.updateTable('refunds').set({ reason: null }).where(isOneOfThem).execute()
  await tx.db.updateTable('disputes').set({ reason: null }).where(isOneOfThem).execute()
  await tx.db
    .updateTable('payments')
    .set({ note: sql`'Dismissed by ' || decided_by || '. Why was erased with the customer.'` })
    .where('standing', '=', 'dismissed')
    .where(isOneOfThem)
    .execute()
}

/** The reason, unless the payment is of a customer who is erased: the provider tells it again and again. */
export function reasonUnlessErased({ provider, paymentId }: PaymentKey, reason: string | undefined) {
  return sql<string | null>`case when exists (
    select from payments
      join orders on orders.id = payments.order_id
      join customers on customers.mode = orders.mode and customers.id = orders.customer_id
      where payments.provider = ${provider} and payments.payment_id = ${paymentId} and customers.erased_at is not null)
    then null else ${reason ?? null}::text end`
}
