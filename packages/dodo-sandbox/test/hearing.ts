import { WebhookPayloadSchema } from '@dodopayments/core/schemas'
import type { DodoSandboxOptions } from '../src/index.ts'
import { inOrder, openReceiver, openShop } from './shop.ts'

/** A shop that hears of everything, and what it heard since it last asked, in order. */
export async function openHearing(options: DodoSandboxOptions = {}) {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }], ...options })
  let seen = 0
  return {
    ...shop,
    heard: async (): Promise<string[]> => {
      await shop.dodo.settle()
      const fresh = receiver.received.slice(seen)
      seen = receiver.received.length
      return (await inOrder(shop, fresh)).map(({ body, headers }) => {
        const { type } = shop.client.webhooks.unwrap(body, { headers })
        if (!body.includes('past_due')) WebhookPayloadSchema.parse(JSON.parse(body))
        return type
      })
    },
    payments: async (subscription_id: string) =>
      (await shop.client.payments.list({ page_number: 0, page_size: 100, subscription_id })).items,
  }
}
