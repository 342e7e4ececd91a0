import type DodoPayments from 'dodopayments'
import type { DodoSandbox } from '../src/index.ts'
import { submitScript } from './shop.ts'

type RecurringPrice = Extract<DodoPayments.ProductCreateParams['price'], { type: 'recurring_price' }>

export const failsLaterCard = '4000 0000 0000 0341'
export const dayMs = 86_400_000

/** A plan of $20 a month for a year, unless said otherwise. */
export async function makePlan(
  client: DodoPayments,
  input: {
    name?: string
    credits?: DodoPayments.Products.AttachCreditEntitlement[]
  } & Partial<RecurringPrice> = {},
): Promise<string> {
  const { name = 'Plan', credits = [], ...price } = input
  const product = await client.products.create({
    name,
    tax_category: 'saas',
    credit_entitlements: credits,
    price: {
      type: 'recurring_price',
      currency: 'USD',
      price: 2000,
      payment_frequency_count: 1,
      payment_frequency_interval: 'Month',
      subscription_period_count: 1,
      subscription_period_interval: 'Year',
      tax_inclusive: true,
      ...price,
    },
  })
  return product.product_id
}

export async function makeKind(
  client: DodoPayments,
  input: Partial<DodoPayments.CreditEntitlementCreateParams> = {},
): Promise<string> {
  const kind = await client.creditEntitlements.create({
    name: 'Tokens',
    unit: 'tokens',
    precision: 2,
    overage_enabled: false,
    rollover_enabled: false,
    ...input,
  })
  return kind.id
}

type SessionParams = DodoPayments.CheckoutSessionCreateParams

/** Subscribes as Ada on the checkout page. */
export async function subscribe(
  client: DodoPayments,
  plan: string,
  input: Partial<SessionParams> & { card?: string; quantity?: number } = {},
) {
  const { card, quantity = 1, ...session } = input
  const made = await client.checkoutSessions.create({
    product_cart: [{ product_id: plan, quantity }],
    customer: { email: 'ada@example.com', name: 'Ada Lovelace' },
    ...session,
  })
  const { answer } = await submitScript(
    String(made.checkout_url),
    card === undefined ? {} : { card_number: card },
  )
  const payment = await client.payments.retrieve(String(answer['payment_id']))
  const id = String(payment.subscription_id)
  return {
    id,
    payment,
    customerId: payment.customer.customer_id,
    read: () => client.subscriptions.retrieve(id),
  }
}

/** Uses credits as a meter would. */
export async function useCredits(
  dodo: DodoSandbox,
  use: { customer_id: string; credit_entitlement_id: string; amount: string },
): Promise<void> {
  await fetch(`${dodo.url}/_sandbox/credits/use`, { method: 'POST', body: JSON.stringify(use) })
}
