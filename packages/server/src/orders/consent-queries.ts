/** Statements about consents: what a customer agreed to when they let a way to pay be saved. */
import type { Selectable } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Order } from './order.ts'

/** What the customer was shown and agreed to. */
export interface Consent {
  readonly text: string
  /** The page where they did. */
  readonly url: string | undefined
  readonly ip: string | undefined
}

export interface RecordedConsent extends Consent {
  readonly orderId: Uuid
  readonly givenAt: Date
  /** The way to pay that was saved with it; undefined until the payment tells. */
  readonly methodId: string | undefined
}

/** Once an order: the first one stays. */
export async function insertConsent(
  tx: Transaction,
  { order, consent }: { readonly order: Order; readonly consent: Consent },
): Promise<void> {
  await tx.db
    .insertInto('payment_consents')
    .values({
      id: order.id,
      mode: order.mode,
      customer_id: order.customer,
      order_id: order.id,
      provider: order.provider,
      consent_text: consent.text,
      url: consent.url ?? null,
      ip: consent.ip ?? null,
      given_at: tx.now,
    })
    .onConflict((conflict) => conflict.column('order_id').doNothing())
    .execute()
}

export interface SavedMethod {
  readonly orderId: Uuid
  readonly providerCustomerId: string | undefined
  readonly methodId: string
}

/** The order's payment has told which way to pay was saved. Nothing where the customer was not asked. */
export async function linkConsent(
  tx: Transaction,
  { orderId, providerCustomerId, methodId }: SavedMethod,
): Promise<void> {
  await tx.db
    .updateTable('payment_consents')
    .set({ provider_customer_id: providerCustomerId ?? null, method_id: methodId, saved_at: tx.now })
    .where('order_id', '=', orderId)
    .where('method_id', 'is', null)
    .execute()
}

interface ConsentsOf {
  readonly mode: Mode
  readonly customer: string
}

/** Those that hold, the last one first. */
export async function listConsents(
  tx: Transaction,
  { mode, customer }: ConsentsOf,
): Promise<RecordedConsent[]> {
  const rows = await tx.db
    .selectFrom('payment_consents')
    .selectAll()
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .where('removed_at', 'is', null)
    .orderBy('given_at', 'desc')
    .execute()
  return rows.map(consentFrom)
}

/** The way to pay is gone, and its consents hold no more. They stay as what was agreed to. */
export async function endConsents(
  tx: Transaction,
  { mode, customer, methodId }: ConsentsOf & { readonly methodId: string },
): Promise<void> {
  await tx.db
    .updateTable('payment_consents')
    .set({ removed_at: tx.now })
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .where('method_id', '=', methodId)
    .where('removed_at', 'is', null)
    .execute()
}

/** Forgets where they were given; that they were, and to what, stays. */
export async function blankConsents(tx: Transaction, { mode, customer }: ConsentsOf): Promise<void> {
  await tx.db
    .updateTable('payment_consents')
    .set({ url: null, ip: null })
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
}

function consentFrom(row: Selectable<Tables['payment_consents']>): RecordedConsent {
  return {
    orderId: row.order_id,
    text: row.consent_text,
    url: row.url ?? undefined,
    ip: row.ip ?? undefined,
    givenAt: row.given_at,
    methodId: row.method_id ?? undefined,
  }
}
