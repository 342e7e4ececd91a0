import { describe, expect, test } from 'vitest'
import { Refusal } from '../../kernel/refusal.ts'
import type { PaymentProvider } from '../provider.ts'
import { all, always, bought, type OpenStage, openedFor, refundOf, request } from './stage.contract.ts'

export function messagesContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  describe('messages', () => {
    test('are believed as they were signed, and tell what happened', async () => {
      const stage = await opened()
      const { told, orderId, paymentId } = await bought(stage)
      const { messageId, reading } = stage.provider.verifyWebhook(told.headers, told.rawBody)
      expect(messageId).toBe(told.headers.get('webhook-id'))
      expect(reading).toMatchObject({
        kind: 'event',
        eventType: 'payment.succeeded',
        event: { type: 'payment', payment: { paymentId, orderId, state: 'succeeded' } },
      })
      expect(stage.provider.readMessage(told.rawBody)).toEqual(reading)
    })

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

  test('while it is away every call says so, and to try again', async () => {
    const stage = await opened()
    const { provider } = stage
    const { paymentId, productId } = await bought(stage)
    const comeBack = await stage.goAway()
    const away = { name: 'Fault', code: 'provider_unavailable', retryable: true }
    await expect(provider.startCheckout(request(productId))).rejects.toMatchObject(away)
    await expect(provider.getPayment(paymentId)).rejects.toMatchObject(away)
    await expect(provider.refund(refundOf(paymentId))).rejects.toMatchObject(away)
    await expect(all(provider.listPayments(always))).rejects.toMatchObject(away)
    await expect(all(provider.listProducts())).rejects.toMatchObject(away)
    await comeBack()
    expect(await provider.getPayment(paymentId)).toMatchObject({ state: 'succeeded', refunds: [] })
  })
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
