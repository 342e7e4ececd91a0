import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { idMaker } from '../../kernel/ids.ts'
import { addMs, dayMs } from '../../kernel/time.ts'
import type { ProviderEvent } from '../provider.ts'
import { createFakeProvider, type FakeProvider, type SignedMessage } from './fake-provider.ts'

const newId = idMaker({ now: Date.now, randomBytes })
const start = new Date('2026-01-31T12:00:00Z')
let provider: FakeProvider
let now = start

beforeEach(async () => {
  now = start
  provider = await createFakeProvider({ now: () => now })
})

async function bought(discountCode?: string): Promise<{ orderId: string; paymentId: string }> {
  const orderId = newId()
  const product = {
    pack: 'power',
    name: 'Power',
    price: { amountMinor: 4000n, currency: 'USD' },
    adopted: undefined,
    chosenAmount: undefined,
  }
  const { sessionId } = await provider.startCheckout({
    orderId,
    productId: await provider.ensureProduct(product, undefined),
    quantity: 1,
    amountMinor: undefined,
    discountCode,
    billingCountry: undefined,
    customer: { email: undefined, name: undefined, providerCustomerId: undefined },
    returnUrl: 'http://localhost/',
    cancelUrl: undefined,
  })
  provider.pay(orderId, undefined)
  const paymentId = await provider.findSessionPayment(sessionId)
  return { orderId, paymentId: paymentId ?? '' }
}

function ask(paymentId: string, amountMinor?: bigint) {
  return provider.refund({ paymentId, refundRequestId: newId(), amountMinor, reason: undefined })
}

function eventOf({ headers, rawBody }: SignedMessage): ProviderEvent | undefined {
  const { reading } = provider.verifyWebhook(headers, rawBody)
  return reading.kind === 'event' ? reading.event : undefined
}

async function rowsOf<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

describe('a refund', () => {
  test('is pending until it is settled, and its message tells it as it can be read', async () => {
    const { paymentId } = await bought()
    const refund = await ask(paymentId, 1500n)
    expect(refund).toMatchObject({ state: 'pending', amount: { amountMinor: 1500n, currency: 'USD' } })
    const event = eventOf(provider.settleRefund(refund.refundId, 'succeeded'))
    expect(event).toEqual({ type: 'refund', refund: await provider.getRefund(refund.refundId) })
    expect(await provider.getPayment(paymentId)).toMatchObject({
      isFullyRefunded: false,
      refunds: [{ refundId: refund.refundId, state: 'succeeded', refundRequestId: undefined }],
    })
  })

  test('of all takes what is left, and then nothing more is given back', async () => {
    const { paymentId } = await bought()
    provider.settleRefund((await ask(paymentId, 1500n)).refundId, 'succeeded')
    await expect(ask(paymentId, 2501n)).rejects.toThrow('2500 of 2501 minor units can still be refunded')
    const rest = await ask(paymentId)
    expect(rest.amount?.amountMinor).toBe(2500n)
    provider.settleRefund(rest.refundId, 'succeeded')
    expect((await provider.getPayment(paymentId))?.isFullyRefunded).toBe(true)
    await expect(ask(paymentId)).rejects.toMatchObject({ code: 'provider_refused' })
  })

  test('waits for the one in flight, and one that failed takes nothing', async () => {
    const { paymentId } = await bought()
    const first = await ask(paymentId)
    await expect(ask(paymentId, 1n)).rejects.toThrow('a refund of this payment is pending')
    provider.settleRefund(first.refundId, 'failed')
    expect((await ask(paymentId)).amount?.amountMinor).toBe(4000n)
  })

  test('is asked for within 30 days', async () => {
    const { paymentId } = await bought()
    now = addMs(start, 30 * dayMs + 1)
    await expect(ask(paymentId)).rejects.toThrow('within 30 days')
    now = addMs(start, 30 * dayMs)
    expect((await ask(paymentId)).state).toBe('pending')
  })
})

test('a dispute that was won may be lost at a later stage, and not at the same one', async () => {
  const { paymentId } = await bought()
  const opened = eventOf(provider.openDispute(paymentId, { stage: 'dispute' }))
  expect(opened).toMatchObject({
    type: 'dispute',
    dispute: { state: 'open', amount: { amountMinor: 4000n } },
  })
  const { disputeId = '' } = provider.undecidedDispute(paymentId) ?? {}
  expect(() => provider.openDispute(paymentId, {})).toThrow('not decided yet')
  provider.decideDispute(disputeId, { state: 'expired' })
  expect(() => provider.decideDispute(disputeId, { state: 'lost', stage: 'pre_dispute' })).toThrow(
    'is expired',
  )
  provider.decideDispute(disputeId, { state: 'won' })
  expect(() => provider.decideDispute(disputeId, { state: 'lost' })).toThrow('is won at the stage dispute')
  provider.decideDispute(disputeId, { state: 'lost', stage: 'pre_arbitration' })
  expect(await provider.getDispute(disputeId)).toMatchObject({ state: 'lost', stage: 'pre_arbitration' })
})

test('a rapid resolution is lost from the beginning, with no refund of its own', async () => {
  const { paymentId } = await bought()
  provider.openDispute(paymentId, { isRapidlyResolved: true })
  expect(await provider.getPayment(paymentId)).toMatchObject({
    refunds: [],
    disputes: [{ state: 'lost', isRapidlyResolved: true }],
  })
  const [{ disputeId } = { disputeId: '' }] = (await provider.getPayment(paymentId))?.disputes ?? []
  const later = { state: 'won', stage: 'pre_arbitration' } as const
  expect(() => provider.decideDispute(disputeId, later)).toThrow('is lost')
})

test('a discount is taken off, carried by the payment, and used as often as it may be', async () => {
  provider.putDiscount({ code: 'HALF', takesOff: { basisPoints: 5000 }, usageLimit: 1 })
  const { paymentId } = await bought('half')
  expect(await provider.getPayment(paymentId)).toMatchObject({
    discountCodes: ['HALF'],
    charged: { total: { amountMinor: 2000n, currency: 'USD' } },
  })
  await expect(bought('HALF')).rejects.toMatchObject({ code: 'discount_not_valid' })
  await expect(bought('NONE')).rejects.toThrow('There is no such code.')
})

test('a list shows what was made in its window, ends included, newest first', async () => {
  const first = await bought()
  now = addMs(start, 1000)
  const second = await bought()
  const ids = async (from: Date, to: Date | undefined) =>
    (await rowsOf(provider.listPayments({ from, to }))).map(({ paymentId }) => paymentId)
  expect(await ids(start, undefined)).toEqual([second.paymentId, first.paymentId])
  expect(await ids(start, start)).toEqual([first.paymentId])
  expect(await ids(addMs(start, 1001), undefined)).toEqual([])
})

test('a list of payments says where money has gone back, or may', async () => {
  const { paymentId } = await bought()
  const isTroubled = async () =>
    (await rowsOf(provider.listPayments({ from: start, to: undefined })))[0]?.isTroubled
  expect(await isTroubled()).toBe(false)
  await ask(paymentId)
  expect(await isTroubled()).toBe(true)
})

test('an outage stops every call, and nothing is done meanwhile', async () => {
  const { paymentId } = await bought()
  provider.setTrouble('away')
  await expect(ask(paymentId)).rejects.toMatchObject({ code: 'provider_unavailable', retryable: true })
  await expect(rowsOf(provider.listRefunds({ from: start, to: undefined }))).rejects.toMatchObject({
    code: 'provider_unavailable',
  })
  provider.setTrouble('key_refused')
  await expect(ask(paymentId)).rejects.toMatchObject({ code: 'provider_key_refused', retryable: false })
  provider.setTrouble(undefined)
  expect((await provider.getPayment(paymentId))?.refunds).toEqual([])
})

test('a lost answer is of something that was done', async () => {
  const { paymentId } = await bought()
  provider.loseAnswer('refund')
  await expect(ask(paymentId)).rejects.toMatchObject({ code: 'provider_unavailable' })
  expect((await provider.getPayment(paymentId))?.refunds).toMatchObject([{ state: 'pending' }])
})
