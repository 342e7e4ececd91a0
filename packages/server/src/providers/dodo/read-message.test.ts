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

test('a code that came after this was written has a sentence for the customer too', () => {
  expect(failureOf('BRAND_NEW_CODE')).toEqual({
    code: 'BRAND_NEW_CODE',
    message: 'The payment was declined. Try again, or use another card.',
  })
  expect(failureOf(undefined).code).toBe('UNKNOWN_ERROR')
  expect(failureOf('toString').message).toBe(failureOf('BRAND_NEW_CODE').message)
})
