import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { idMaker } from '../../kernel/ids.ts'
import { createFakeProvider, type FakeProvider } from './fake-provider.ts'

const orderId = idMaker({ now: Date.now, randomBytes })()
const product = {
  pack: 'power',
  name: 'Power',
  price: { amountMinor: 4000n, currency: 'USD' },
  adopted: undefined,
  chosenAmount: undefined,
}

async function withCheckout(): Promise<FakeProvider> {
  const provider = await createFakeProvider()
  await provider.startCheckout({
    orderId,
    productId: await provider.ensureProduct(product, undefined),
    quantity: 2,
    amountMinor: undefined,
    discountCode: undefined,
    billingCountry: undefined,
    customer: { email: undefined, name: undefined, providerCustomerId: undefined },
    returnUrl: 'http://localhost/',
    cancelUrl: undefined,
  })
  return provider
}

test('a payment is of what the checkout sells, and its message carries the order', async () => {
  const provider = await withCheckout()
  const { headers, rawBody } = provider.pay(orderId, undefined)
  expect(provider.verifyWebhook(headers, rawBody)).toMatchObject({
    messageId: 'msg_1',
    reading: {
      kind: 'event',
      event: {
        type: 'payment',
        payment: {
          state: 'succeeded',
          paymentId: 'pay_1',
          orderId,
          cart: [{ productId: 'pdt_1', quantity: 2 }],
          charged: { total: { amountMinor: 8000n, currency: 'USD' }, taxMinor: 0n },
        },
      },
    },
  })
})

test('a message that is delivered again has the same id and body, and is signed anew', async () => {
  const provider = await withCheckout()
  const first = provider.decline(orderId, 'CARD_DECLINED')
  const again = provider.signAgain(orderId)
  expect([again.messageId, again.rawBody]).toEqual([first.messageId, first.rawBody])
  expect(provider.verifyWebhook(again.headers, again.rawBody).messageId).toBe(first.messageId)
})

test('only its own messages are believed, byte for byte', async () => {
  const [provider, other] = await Promise.all([withCheckout(), withCheckout()])
  const { headers, rawBody } = provider.pay(orderId, undefined)
  expect(() => provider.verifyWebhook(headers, `${rawBody} `)).toThrow('No signature fits')
  expect(() => other.verifyWebhook(headers, rawBody)).toThrow('No signature fits')
})

test('a pack keeps its product, and an adopted one of another price is refused', async () => {
  const provider = await createFakeProvider()
  const made = await provider.ensureProduct(product, undefined)
  expect(await provider.ensureProduct(product, made)).toBe(made)
  provider.putProduct('pdt_adopted', { amountMinor: 3900n, currency: 'USD' })
  await expect(
    provider.ensureProduct({ ...product, adopted: 'pdt_adopted' }, undefined),
  ).rejects.toMatchObject({ code: 'product_mismatch', facts: { product: 'pdt_adopted' } })
})
