import { expect, test } from 'vitest'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import type { Order } from '../../src/orders/order.ts'
import { settlePayment } from '../../src/payments/settle-payment.ts'
import type { ProviderPayment } from '../../src/providers/told.ts'
import { openShop, openTestDatabase } from '../support/shop.ts'

test('an order that two payments pay at once is credited by one of them, and the other is flagged', async () => {
  await using opened = new AsyncDisposableStack()
  const database = await openTestDatabase('postgres')
  opened.defer(() => database.close())
  const shop = await openShop({ database })
  opened.defer(() => shop.close())
  await shop.request('POST', '/v1/checkouts', {
    customer: 'alice',
    pack: 'starter',
    quantity: 1,
    return_url: 'http://localhost:3000/',
  })
  const { orders } = await shop.orders.list('alice', { limit: 1, before: undefined })
  const [order] = orders

  const outcomes = await Promise.all(
    ['pay_one', 'pay_two'].map((paymentId) =>
      database.transaction((tx) =>
        settlePayment(tx, { ...paymentOf(order!), paymentId }, new Date(), shop.settleContext()),
      ),
    ),
  )
  expect(outcomes.map(({ state }) => state).toSorted()).toEqual(['flagged', 'processed'])
  const { balance } = await shop.ledger.balance({ mode: 'test', customer: 'alice', unit: 'credits' })
  expect(decimalFromCredits(balance.available)).toBe('100')
})

function paymentOf(order: Order): ProviderPayment {
  return {
    paymentId: 'pay',
    state: 'succeeded',
    orderId: order.id,
    customer: undefined,
    providerCustomerId: undefined,
    payerEmail: undefined,
    subscriptionId: undefined,
    cart: [{ productId: order.productId!, quantity: 1 }],
    charged: { total: order.price, taxMinor: 0n },
    settled: undefined,
    discountCodes: [],
    methodId: undefined,
    invoiceId: undefined,
    failure: undefined,
    isFullyRefunded: false,
    createdAt: undefined,
    refunds: [],
    disputes: [],
  }
}
