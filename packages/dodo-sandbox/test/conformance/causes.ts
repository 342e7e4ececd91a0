import type DodoPayments from 'dodopayments'
import { brokeCard, makePack, makeSession, type Shop, submitScript } from '../shop.ts'

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
    const kind = await makeKind(client, 'Images')
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
}

const dayMs = 86_400_000

async function pay({ client }: Pick<Shop, 'client'>, card = '4242 4242 4242 4242'): Promise<string> {
  const product_cart = [{ product_id: await makePack(client), quantity: 2 }]
  const session = await makeSession(client, { product_cart, metadata: { order: 'ord_1' } })
  const { answer } = await submitScript(session.checkout_url, { card_number: card })
  return String(answer['payment_id'])
}

async function makeKind(client: DodoPayments, name: string): Promise<string> {
  const kind = await client.creditEntitlements.create({
    name,
    unit: 'image',
    precision: 1,
    overage_enabled: false,
    rollover_enabled: false,
  })
  return kind.id
}

async function control({ dodo }: Pick<Shop, 'dodo'>, path: string, body: object) {
  const response = await fetch(`${dodo.url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
  return answer
}
