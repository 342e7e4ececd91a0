import { type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { IdInWallet, Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Charged, ProviderDispute, ProviderPayment, ProviderRefund } from '../providers/told.ts'
import { reasonUnlessErased } from './erasing-queries.ts'
import type { AskedRefund, Dispute, Payment, PaymentKey, Refund, Standing } from './payment.ts'

// Payments

export interface Told {
  readonly provider: string
  readonly mode: Mode
}

/**
 * Keeps what was told of a payment as of then, and locks its row. What succeeded stays so, however late an older message comes; what failed is not on its
 * way again; else the newer telling counts. What one telling leaves out, an earlier one may have said.
 */
export async function putPayment(
  tx: Transaction,
  { provider, mode }: Told,
  payment: ProviderPayment,
  asOf: Date,
): Promise<Payment> {
  const row = await tx.db
    .insertInto('payments')
    .values({
      provider,
      payment_id: payment.paymentId,
      mode,
      state: payment.state,
      customer_id: payment.customer ?? null,
      provider_customer_id: payment.providerCustomerId ?? null,
      subscription_id: payment.subscriptionId ?? null,
      cart:
        payment.cart === undefined
          ? null
          : JSON.stringify(
              payment.cart.map(({ productId, quantity }) => ({ product_id: productId, quantity })),
            ),
      ...chargedColumns(payment.charged),
      settled_total_minor: payment.settled?.total.amountMinor ?? null,
      settled_tax_minor: payment.settled?.taxMinor ?? null,
      settled_currency: payment.settled?.total.currency ?? null,
      discount_codes: payment.discountCodes === undefined ? null : [...payment.discountCodes],
      method_id: payment.methodId ?? null,
      invoice_id: payment.invoiceId ?? null,
      failure_code: payment.failure?.code ?? null,
      is_fully_refunded: payment.isFullyRefunded,
      created_at: payment.createdAt ?? null,
      received_at: tx.now,
      updated_at: tx.now,
      as_of: asOf,
    })
    .onConflict((conflict) =>
      conflict.columns(['provider', 'payment_id']).doUpdateSet({
        state: sql`case when ${staysAsItIs} then payments.state else excluded.state end`,
        customer_id: sql`coalesce(payments.customer_id, excluded.customer_id)`,
        provider_customer_id: sql`coalesce(excluded.provider_customer_id, payments.provider_customer_id)`,
        subscription_id: sql`coalesce(excluded.subscription_id, payments.subscription_id)`,
        cart: sql`coalesce(excluded.cart, payments.cart)`,
        // Together, for they are one statement.
        total_minor: sql`case when excluded.total_minor is null then payments.total_minor else excluded.total_minor end`,
        tax_minor: sql`case when excluded.total_minor is null then payments.tax_minor else excluded.tax_minor end`,
        currency: sql`case when excluded.total_minor is null then payments.currency else excluded.currency end`,
        settled_total_minor: sql`coalesce(excluded.settled_total_minor, payments.settled_total_minor)`,
        settled_tax_minor: sql`coalesce(excluded.settled_tax_minor, payments.settled_tax_minor)`,
        settled_currency: sql`coalesce(excluded.settled_currency, payments.settled_currency)`,
        discount_codes: sql`coalesce(excluded.discount_codes, payments.discount_codes)`,
        method_id: sql`coalesce(excluded.method_id, payments.method_id)`,
        invoice_id: sql`coalesce(excluded.invoice_id, payments.invoice_id)`,
        failure_code: sql`case when ${staysAsItIs} then payments.failure_code else excluded.failure_code end`,
        as_of: sql`greatest(payments.as_of, excluded.as_of)`,
        is_fully_refunded: sql`payments.is_fully_refunded or excluded.is_fully_refunded`,
        created_at: sql`coalesce(payments.created_at, excluded.created_at)`,
        updated_at: tx.now,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  return paymentFrom(row)
}

/** Whether the state that is known outlives what is told now. */
const staysAsItIs = sql`(payments.state = 'succeeded'
  or payments.state <> 'processing' and excluded.state <> 'succeeded'
    and (excluded.state = 'processing' or payments.as_of > excluded.as_of))`

/**
 * The row of a payment that something else was told about, locked; made when nothing is known of it yet, so that whoever tells of the payment
 * itself waits for what is done here.
 */
export async function lockOrAwaitPayment(
  tx: Transaction,
  { provider, mode }: Told,
  paymentId: string,
): Promise<Payment> {
  await tx.db
    .insertInto('payments')
    .values({
      provider,
      payment_id: paymentId,
      mode,
      state: 'processing',
      received_at: tx.now,
      updated_at: tx.now,
    })
    .onConflict((conflict) => conflict.columns(['provider', 'payment_id']).doNothing())
    .execute()
  const payment = await lockPayment(tx, { provider, paymentId })
  if (payment === undefined)
    throw new Error(`The payment ${paymentId} is gone, and payments are never deleted.`)
  return payment
}

export async function lockPayment(tx: Transaction, key: PaymentKey): Promise<Payment | undefined> {
  const row = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('provider', '=', key.provider)
    .where('payment_id', '=', key.paymentId)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? undefined : paymentFrom(row)
}

export async function findPayment(tx: Transaction, key: PaymentKey): Promise<Payment | undefined> {
  const row = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('provider', '=', key.provider)
    .where('payment_id', '=', key.paymentId)
    .executeTakeFirst()
  return row === undefined ? undefined : paymentFrom(row)
}

export interface Standings {
  readonly standing: Exclude<Standing, 'credited'>
  readonly note: string | undefined
  readonly orderId: Uuid | undefined
}

export async function setStanding(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
  { standing, note, orderId }: Standings,
): Promise<Payment> {
  const row = await tx.db
    .updateTable('payments')
    .set({ standing, note: note ?? null, ...(orderId === undefined ? {} : { order_id: orderId }) })
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return paymentFrom(row)
}

/** Who decided about it, and when. */
/** Whether a person gave the customer a payment of the provider's customer. */
export async function wasAssigned(
  tx: Transaction,
  asked: { provider: string; mode: Mode; customer: string; providerCustomerId: string },
): Promise<boolean> {
  const row = await tx.db
    .selectFrom('orders')
    .innerJoin('payments', 'payments.order_id', 'orders.id')
    .select('orders.id')
    .where('orders.mode', '=', asked.mode)
    .where('orders.customer_id', '=', asked.customer)
    .where('payments.provider', '=', asked.provider)
    .where('payments.provider_customer_id', '=', asked.providerCustomerId)
    .where('payments.decided_by', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

export async function setDecided(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
  actor: string,
): Promise<Payment> {
  const row = await tx.db
    .updateTable('payments')
    .set({ decided_by: actor, decided_at: tx.now })
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return paymentFrom(row)
}

export interface CreditedPayment {
  readonly orderId: Uuid
  readonly customer: string
  readonly walletId: Uuid
  readonly lotId: Uuid
  readonly granted: Credits
}

export async function markPaymentCredited(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
  { orderId, customer, walletId, lotId, granted }: CreditedPayment,
): Promise<Payment> {
  const row = await tx.db
    .updateTable('payments')
    .set({
      standing: 'credited',
      note: null,
      order_id: orderId,
      customer_id: customer,
      wallet_id: walletId,
      lot_id: lotId,
      granted_micros: granted,
    })
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return paymentFrom(row)
}

export async function setTakenBack(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
  {
    revoked,
    isFrozen,
    freezes,
  }: { readonly revoked: Credits; readonly isFrozen: boolean; readonly freezes: number },
): Promise<void> {
  await tx.db
    .updateTable('payments')
    .set({ revoked_micros: revoked, is_frozen: isFrozen, freezes })
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .execute()
}

function chargedColumns(charged: Charged | undefined) {
  return {
    total_minor: charged?.total.amountMinor ?? null,
    tax_minor: charged?.taxMinor ?? null,
    currency: charged?.total.currency ?? null,
  }
}

interface CartLineJson {
  readonly product_id: string
  readonly quantity: number
}

export function paymentFrom(row: Selectable<Tables['payments']>): Payment {
  return {
    provider: row.provider,
    paymentId: row.payment_id,
    mode: row.mode as Mode,
    state: row.state,
    orderId: row.order_id ?? undefined,
    customer: row.customer_id ?? undefined,
    providerCustomerId: row.provider_customer_id ?? undefined,
    subscriptionId: row.subscription_id ?? undefined,
    cart: (row.cart as CartLineJson[] | null)?.map(({ product_id: productId, quantity }) => ({
      productId,
      quantity,
    })),
    charged: chargedFrom(row.total_minor, row.tax_minor, row.currency),
    settled: chargedFrom(row.settled_total_minor, row.settled_tax_minor, row.settled_currency),
    discountCodes: row.discount_codes ?? undefined,
    methodId: row.method_id ?? undefined,
    invoiceId: row.invoice_id ?? undefined,
    failureCode: row.failure_code ?? undefined,
    isFullyRefunded: row.is_fully_refunded,
    createdAt: row.created_at ?? undefined,
    standing: row.standing,
    note: row.note ?? undefined,
    bought:
      row.wallet_id === null || row.lot_id === null
        ? undefined
        : {
            walletId: row.wallet_id,
            lotId: row.lot_id,
            granted: micros(row.granted_micros),
            revoked: micros(row.revoked_micros),
            isFrozen: row.is_frozen,
            freezes: row.freezes,
          },
    receivedAt: row.received_at,
    decided:
      row.decided_by === null || row.decided_at === null
        ? undefined
        : { by: row.decided_by, at: row.decided_at },
  }
}

function chargedFrom(total: bigint | null, tax: bigint | null, currency: string | null): Charged | undefined {
  if (total === null || currency === null) return undefined
  return { total: { amountMinor: total, currency }, taxMinor: tax ?? 0n }
}

// Refunds and disputes

/** Keeps what was told of a refund as of then, unless more is known: what has ended stays ended, and an older telling changes nothing. */
export async function putRefund(
  tx: Transaction,
  { provider, mode }: Told,
  refund: ProviderRefund,
  asOf: Date,
): Promise<void> {
  await tx.db
    .insertInto('refunds')
    .values({
      provider,
      refund_id: refund.refundId,
      mode,
      payment_id: refund.paymentId,
      state: refund.state,
      amount_minor: refund.amount?.amountMinor ?? null,
      currency: refund.amount?.currency ?? null,
      reason: reasonUnlessErased({ provider, paymentId: refund.paymentId }, refund.reason),
      request_id: refund.refundRequestId ?? null,
      as_of: asOf,
      created_at: refund.createdAt ?? null,
      received_at: tx.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'refund_id'])
        .doUpdateSet({
          state: sql`excluded.state`,
          amount_minor: sql`coalesce(excluded.amount_minor, refunds.amount_minor)`,
          currency: sql`coalesce(excluded.currency, refunds.currency)`,
          reason: sql`coalesce(excluded.reason, refunds.reason)`,
          request_id: sql`coalesce(refunds.request_id, excluded.request_id)`,
          as_of: asOf,
        })
        // What has succeeded or failed has ended. A message may also come after one that was sent later.
        .where(
          sql<boolean>`refunds.state in ('pending', 'review') and (excluded.state in ('succeeded', 'failed') or excluded.as_of >= refunds.as_of)`,
        ),
    )
    .execute()
}

/**
 * How far a dispute has come: stage by stage, undecided before decided. What is lost is lost: no stage follows, and the credits are gone. So it does not
 * matter in which order it is told, nor that a message tells what it was when it was written and is signed when it is sent.
 */
function progressOf(table: 'disputes' | 'excluded') {
  const [state, stage] = [sql.ref(`${table}.state`), sql.ref(`${table}.stage`)]
  return sql`case when ${state} = 'lost' then 7
    else case ${stage} when 'pre_dispute' then 1 when 'dispute' then 3 else 5 end + case when ${state} = 'won' then 1 else 0 end end`
}

/** The same for a dispute, of which the furthest counts. */
export async function putDispute(
  tx: Transaction,
  { provider, mode }: Told,
  dispute: ProviderDispute,
  asOf: Date,
): Promise<void> {
  await tx.db
    .insertInto('disputes')
    .values({
      provider,
      dispute_id: dispute.disputeId,
      mode,
      payment_id: dispute.paymentId,
      state: dispute.state,
      stage: dispute.stage,
      is_rapidly_resolved: dispute.isRapidlyResolved,
      amount_minor: dispute.amount?.amountMinor ?? null,
      currency: dispute.amount?.currency ?? null,
      reason: reasonUnlessErased({ provider, paymentId: dispute.paymentId }, dispute.reason),
      as_of: asOf,
      created_at: dispute.createdAt ?? null,
      received_at: tx.now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'dispute_id'])
        .doUpdateSet({
          state: sql`excluded.state`,
          stage: sql`excluded.stage`,
          is_rapidly_resolved: sql`excluded.is_rapidly_resolved`,
          amount_minor: sql`coalesce(excluded.amount_minor, disputes.amount_minor)`,
          currency: sql`coalesce(excluded.currency, disputes.currency)`,
          reason: sql`coalesce(excluded.reason, disputes.reason)`,
          as_of: asOf,
        })
        .where(
          sql<boolean>`${progressOf('excluded')} > ${progressOf('disputes')}
            or (${progressOf('excluded')} = ${progressOf('disputes')} and excluded.as_of >= disputes.as_of)`,
        ),
    )
    .execute()
}

export async function listRefundsOf(tx: Transaction, { provider, paymentId }: PaymentKey): Promise<Refund[]> {
  const rows = await tx.db
    .selectFrom('refunds')
    .selectAll()
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .orderBy('received_at')
    .execute()
  return rows.map((row) => ({
    provider: row.provider,
    paymentId: row.payment_id,
    refundId: row.refund_id,
    state: row.state,
    amount: moneyFrom(row.amount_minor, row.currency),
    reason: row.reason ?? undefined,
    requestId: row.request_id ?? undefined,
    createdAt: row.created_at ?? undefined,
  }))
}

export async function listDisputesOf(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
): Promise<Dispute[]> {
  const rows = await tx.db
    .selectFrom('disputes')
    .selectAll()
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .orderBy('received_at')
    .execute()
  return rows.map((row) => ({
    provider: row.provider,
    paymentId: row.payment_id,
    disputeId: row.dispute_id,
    state: row.state,
    stage: row.stage,
    isRapidlyResolved: row.is_rapidly_resolved,
    amount: moneyFrom(row.amount_minor, row.currency),
    reason: row.reason ?? undefined,
    createdAt: row.created_at ?? undefined,
  }))
}

export async function listAskedRefunds(
  tx: Transaction,
  { provider, paymentId }: PaymentKey,
): Promise<AskedRefund[]> {
  const rows = await tx.db
    .selectFrom('refund_requests')
    .select(['id', 'refund_id', 'credits_micros', 'failure'])
    .where('provider', '=', provider)
    .where('payment_id', '=', paymentId)
    .execute()
  return rows.map((row) => ({
    requestId: row.id,
    refundId: row.refund_id ?? undefined,
    credits: row.credits_micros === null ? undefined : micros(row.credits_micros),
    isRefused: row.failure !== null,
  }))
}

function moneyFrom(amountMinor: bigint | null, currency: string | null): Money | undefined {
  return amountMinor === null || currency === null ? undefined : { amountMinor, currency }
}

// Lots

/** What was done to a lot last, of freezing and unfreezing, under any other keys than these. A lot's notes have an index of their own. */
export async function findLastFreezing(
  tx: Transaction,
  { walletId, id }: IdInWallet,
  except: readonly Uuid[],
): Promise<'freeze' | 'unfreeze' | undefined> {
  const row = await tx.db
    .selectFrom('entries')
    .select('operation')
    .where('wallet_id', '=', walletId)
    .where('lot_id', '=', id)
    .where('from_account', 'is', null)
    .where('operation', 'in', ['freeze', 'unfreeze'])
    .where('key', 'not in', [...except])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.operation as 'freeze' | 'unfreeze' | undefined
}
