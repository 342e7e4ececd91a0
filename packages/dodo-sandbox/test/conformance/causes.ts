import { brokeCard, makePack, makeSession, type Shop, submitScript } from '../shop.ts'
import { dayMs, failsLaterCard, makeKind, makePlan, subscribe, useCredits } from '../subscribers.ts'

/** A card that stays under way until somebody decides. */
const slowCard = '4000 0000 0000 0077'

/** What makes events happen, a family each: together every event that the sandbox sends. */
export const causes: Readonly<Record<string, (shop: Shop) => Promise<void>>> = {
  async payments(shop) {
    await pay(shop, brokeCard)
    await pay(shop)
    for (const outcome of ['succeeded', 'failed', 'cancelled'])
      await control(shop, `payments/${await pay(shop, slowCard)}/settle`, { outcome })
  },

  async refunds(shop) {
    await shop.client.refunds.create({ payment_id: await pay(shop) })
    await control(shop, 'faults', { rules: [{ kind: 'fail_next_refund' }] })
    await shop.client.refunds.create({ payment_id: await pay(shop) })
    await shop.dodo.advance(60_000)
  },

  async disputes(shop) {
    for (const decisions of [['accept'], ['cancel'], ['challenge', 'win'], ['challenge', 'lose'], []]) {
      const dispute = await control(shop, `payments/${await pay(shop)}/dispute`, {})
      for (const decision of decisions)
        await control(shop, `disputes/${String(dispute['dispute_id'])}/decide`, { decision })
    }
    await shop.dodo.advance(11 * dayMs)
  },

  async credits(shop) {
    const { client } = shop
    const kind = await makeKind(client, { name: 'Images' })
    const { customer_id } = await client.customers.create({ email: 'mary@example.com', name: 'Mary' })
    const entry = { credit_entitlement_id: kind, amount: '10', entry_type: 'credit' } as const
    const expires_at = new Date(shop.dodo.now().getTime() + 30 * dayMs).toISOString()
    await client.creditEntitlements.balances.createLedgerEntry(customer_id, { ...entry, expires_at })
    await client.creditEntitlements.balances.createLedgerEntry(customer_id, {
      ...entry,
      amount: '2.5',
      entry_type: 'debit',
    })
    await shop.dodo.advance(31 * dayMs)
  },

  async subscriptions({ client, dodo }) {
    const [small, large] = [await makePlan(client), await makePlan(client, { price: 5000 })]
    const short = await makePlan(client, { subscription_period_interval: 'Month' })
    await subscribe(client, short)
    await subscribe(client, small, { card: brokeCard })
    const { id } = await subscribe(client, small)
    await client.subscriptions.update(id, { status: 'paused' })
    await client.subscriptions.update(id, { status: 'active' })
    await client.subscriptions.changePlan(id, {
      product_id: large,
      quantity: 1,
      proration_billing_mode: 'full_immediately',
    })
    await dodo.advance(32 * dayMs)
    await client.subscriptions.update(id, { status: 'cancelled' })
  },

  async 'what is not paid'(shop) {
    const { client, dodo } = shop
    const { id } = await subscribe(client, await makePlan(client), { card: failsLaterCard })
    await dodo.advance(32 * dayMs)
    const { payment_link } = await client.subscriptions.updatePaymentMethod(id, {
      payment_method: { type: 'new' },
    })
    await submitScript(String(payment_link))
    await dodo.advance(60_000)
  },

  async 'credits of subscriptions'({ client, dodo }) {
    for (const behaviour of ['forgive_at_reset', 'invoice_at_billing'] as const) {
      const kind = await makeKind(client, {
        name: behaviour,
        overage_enabled: true,
        price_per_unit: '0.5',
        currency: 'USD',
        overage_behavior: behaviour,
        rollover_enabled: true,
        rollover_percentage: 50,
      })
      const plan = await makePlan(client, {
        credits: [{ credit_entitlement_id: kind, credits_amount: '100', low_balance_threshold_percent: 50 }],
      })
      const { customerId } = await subscribe(client, plan)
      const use = { customer_id: customerId, credit_entitlement_id: kind }
      await useCredits(dodo, { ...use, amount: '60' })
      await dodo.advance(32 * dayMs)
      await useCredits(dodo, { ...use, amount: '1000' })
      await dodo.advance(32 * dayMs)
    }
  },
}

async function pay({ client }: Pick<Shop, 'client'>, card = '4242 4242 4242 4242'): Promise<string> {
  const product_cart = [{ product_id: await makePack(client), quantity: 2 }]
  const session = await makeSession(client, { product_cart, metadata: { order: 'ord_1' } })
  const { answer } = await submitScript(session.checkout_url, { card_number: card })
  return String(answer['payment_id'])
}

async function control({ dodo }: Pick<Shop, 'dodo'>, path: string, body: object) {
  const response = await fetch(`${dodo.url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer
}
