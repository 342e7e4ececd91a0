import { describe, expect, test } from 'vitest'
import { Refusal } from '../../kernel/refusal.ts'
import type { MessageReading, PaymentProvider } from '../provider.ts'
import {
  bought,
  type OpenStage,
  openedFor,
  type ProviderStage,
  refundOf,
  type ToldMessage,
} from './stage.contract.ts'

export function messagesContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  describe('messages', () => {
    test('are believed as they were signed, and tell of a payment what can be asked', async () => {
      const stage = await opened()
      const { told, orderId, paymentId } = await bought(stage)
      const payment = await stage.provider.getPayment(paymentId)
      expect(payment).toMatchObject({ orderId, state: 'succeeded' })
      expect(readingOf(stage, told)).toEqual({
        kind: 'event',
        eventType: 'payment.succeeded',
        event: { type: 'payment', payment },
      })
    })

    test.each(['succeeded', 'failed'] as const)('tell of a refund that has %s', async (state) => {
      const stage = await opened()
      const { paymentId } = await bought(stage)
      const asked = refundOf(paymentId, 1234n)
      const { refundId } = await stage.provider.refund(asked)
      const told = await stage.settleRefund(refundId, state)
      const refund = await stage.provider.getRefund(refundId)
      expect(refund).toMatchObject({ paymentId, state, refundRequestId: asked.refundRequestId })
      expect(readingOf(stage, told)).toEqual({
        kind: 'event',
        eventType: `refund.${state}`,
        event: { type: 'refund', refund },
      })
    })

    test.each(['won', 'lost'] as const)(
      'tell of a dispute that was opened, and that it was %s',
      async (state) => {
        const stage = await opened()
        const { provider } = stage
        const { paymentId } = await bought(stage)
        const { disputeId, told } = await stage.openDispute(paymentId)
        const open = await provider.getDispute(disputeId)
        expect(open).toMatchObject({ paymentId, state: 'open' })
        expect(readingOf(stage, told)).toEqual({
          kind: 'event',
          eventType: 'dispute.opened',
          event: { type: 'dispute', dispute: open },
        })
        const decided = await stage.decideDispute(disputeId, state)
        expect(readingOf(stage, decided)).toEqual({
          kind: 'event',
          eventType: `dispute.${state}`,
          event: { type: 'dispute', dispute: await provider.getDispute(disputeId) },
        })
      },
    )

    test('that were altered, that are of another, or that are not signed, are not', async () => {
      const [stage, other] = [await opened(), await opened()]
      const { told } = await bought(stage)
      const { provider } = stage
      expect(problemOf(provider, told.headers, `${told.rawBody} `)).toBe('no_matching_signature')
      expect(problemOf(other.provider, told.headers, told.rawBody)).toBe('no_matching_signature')
      expect(problemOf(provider, new Headers(), told.rawBody)).toBe('missing_headers')
      const old = new Headers(told.headers)
      old.set('webhook-timestamp', String(Math.floor(Date.now() / 1000) - 301))
      expect(problemOf(provider, old, told.rawBody)).toBe('too_old')
      old.set('webhook-timestamp', String(Math.floor(Date.now() / 1000) + 302))
      expect(problemOf(provider, old, told.rawBody)).toBe('too_new')
    })
  })
}

/** What a message says that is believed, now and when it is read again. */
function readingOf({ provider }: ProviderStage, { headers, rawBody }: ToldMessage): MessageReading {
  const { messageId, reading } = provider.verifyWebhook(headers, rawBody)
  expect(messageId).toBe(headers.get('webhook-id'))
  expect(provider.readMessage(rawBody)).toEqual(reading)
  return reading
}

/** Why a message is not believed. */
function problemOf(provider: PaymentProvider, headers: Headers, rawBody: string): unknown {
  try {
    provider.verifyWebhook(headers, rawBody)
    return undefined
  } catch (error) {
    return error instanceof Refusal && error.code === 'invalid_signature' ? error.facts['reason'] : error
  }
}
