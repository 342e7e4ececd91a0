import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { createCustomer } from '../customers/create-customer.ts'
import { saveCard } from '../payment-methods/save-card.ts'
import { openStore } from '../store/store.ts'
import { findLineItems, findPayment } from './queries.ts'
import { type NewPayment, recordPayment } from './record-payment.ts'
import { cardOf } from './test-cards.ts'

test('a charge without a checkout is a payment of its subscription, with line items and no cart', () => {
  const store = openStore({ stateFile: undefined, now: () => new Date(0), random: randomBytes })
  onTestFinished(() => store.close())
  store.transaction((tx) => {
    const customer = createCustomer(tx, { email: 'ada@example.com', name: 'Ada', metadata: {} })
    const saved = saveCard(tx, {
      customerId: customer.customer_id,
      number: '4242424242424242',
      holder: 'Ada',
      expiry: '06 / 32',
    })
    const charge: NewPayment = {
      customer,
      billing: { country: 'US', city: null, state: null, street: null, zipcode: null },
      price: {
        currency: 'USD',
        total: 1200,
        tax: 200,
        lines: [
          { product_id: 'pdt_1', quantity: 1, name: 'Plan', description: null, amount: 600, tax: 100 },
          { product_id: 'pdt_1', quantity: 1, name: 'Plan', description: null, amount: 600, tax: 100 },
        ],
        settlement: { currency: 'USD', total: 1200, tax: 200 },
        discounts: [],
      },
      instrument: {
        card: cardOf('4242424242424242'),
        holder: 'Ada',
        payment_method_id: saved.payment_method_id,
      },
      outcome: { status: 'succeeded' },
      metadata: { topup: 'one' },
      subscriptionIds: ['sub_1'],
      retryAttempt: 2,
    }
    const { payment_id } = recordPayment(tx, charge)
    expect(findPayment(tx, payment_id)).toMatchObject({
      status: 'succeeded',
      checkout_session_id: null,
      product_cart: null,
      subscription_id: 'sub_1',
      subscription_ids: ['sub_1'],
      is_multi_subscription: false,
      retry_attempt: 2,
      total_amount: 1200,
      tax: 200,
      settlement_tax: 200,
      payment_method_id: saved.payment_method_id,
      card_last_four: '4242',
    })
    expect(findLineItems(tx, payment_id)?.items).toEqual([
      { items_id: 'pdt_1', amount: 1200, refundable_amount: 1200, tax: 200, name: 'Plan', description: null },
    ])
    const both = recordPayment(tx, { ...charge, subscriptionIds: ['sub_1', 'sub_2'] })
    expect(both).toMatchObject({ subscription_id: null, is_multi_subscription: true })
  })
})
