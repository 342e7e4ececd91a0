import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { failureOf } from './failure-sentences.ts'
import { readMessage } from './read-message.ts'

test('whatever a body says, reading it does not throw, and nothing but a payment that succeeded is one', () => {
  const data = fc.record(
    {
      payment_id: fc.oneof(fc.string(), fc.jsonValue()),
      status: fc.oneof(fc.constantFrom('succeeded', 'failed', 'processing', 'new_one'), fc.jsonValue()),
      metadata: fc.oneof(fc.record({ tallystick_order: fc.jsonValue() }), fc.jsonValue()),
      product_cart: fc.oneof(
        fc.array(fc.record({ product_id: fc.string(), quantity: fc.jsonValue() })),
        fc.jsonValue(),
      ),
      customer: fc.jsonValue(),
      total_amount: fc.jsonValue(),
      tax: fc.jsonValue(),
      currency: fc.jsonValue(),
      discounts: fc.jsonValue(),
      error_code: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const type = fc.oneof(
    fc.constantFrom('payment.succeeded', 'payment.failed', 'payment.processing', 'refund.succeeded'),
    fc.string(),
  )
  const body = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ type, data: fc.oneof(data, fc.jsonValue()) }).map((event) => JSON.stringify(event)),
  )
  fc.assert(
    fc.property(body, (text) => {
      const reading = readMessage(text)
      if (reading.kind !== 'event' || reading.event.type !== 'payment') return
      if (reading.event.payment.state !== 'succeeded') return
      const said = JSON.parse(text) as { type: string; data: { status: unknown } }
      expect(said.data.status).toBe('succeeded')
      expect(said.type).toMatch(/^payment\./)
    }),
    { numRuns: 2000 },
  )
})

test('no text that is read holds what Postgres cannot keep, and nothing is lost for it', () => {
  const odd = 'a\0b\uD800c'
  const kept = 'a\uFFFDb\uFFFDc'
  const customer = { customer_id: odd, email: odd }
  const refund = { refund_id: odd, payment_id: odd, reason: odd, status: 'succeeded' }
  const dispute = { dispute_id: odd, payment_id: odd, reason: odd }
  const payment = {
    payment_id: odd,
    status: 'failed',
    error_code: odd,
    customer,
    metadata: { tallystick_customer: odd, tallystick_order: odd },
    product_cart: [{ product_id: odd, quantity: 1 }],
    discounts: [{ code: odd }],
    subscription_id: odd,
    payment_method_id: odd,
    invoice_id: odd,
    refunds: [refund],
    disputes: [dispute],
  }
  const told = [
    ['payment.failed', payment],
    ['payment.succeeded', payment],
    ['refund.succeeded', refund],
    ['dispute.lost', dispute],
    [
      'credit.added',
      { id: odd, amount: '1', customer_id: odd, credit_entitlement_id: odd, reference_id: odd },
    ],
    ['subscription.active', { subscription_id: odd, product_id: odd, customer }],
    [odd, {}],
    [`dispute.${odd}`, {}],
  ] as const
  for (const [type, data] of told) {
    const reading = readMessage(JSON.stringify({ type, data }))
    expect(JSON.stringify(reading)).not.toMatch(/\\u0000|\\ud800/i)
    expect(reading.eventType).toBe(type.replace(odd, kept))
  }
  expect(readMessage(JSON.stringify({ type: 'refund.succeeded', data: refund }))).toMatchObject({
    event: { refund: { refundId: kept, paymentId: kept, reason: kept } },
  })
})

test('a code that came after this was written has a sentence for the customer too', () => {
  expect(failureOf('BRAND_NEW_CODE')).toEqual({
    code: 'BRAND_NEW_CODE',
    message: 'The payment was declined. Try again, or use another card.',
  })
  expect(failureOf(undefined).code).toBe('UNKNOWN_ERROR')
  expect(failureOf('toString').message).toBe(failureOf('BRAND_NEW_CODE').message)
})
