import { describe, expect, test } from 'vitest'
import { Fault } from '../../kernel/refusal.ts'
import {
  all,
  always,
  bought,
  type OpenStage,
  openedFor,
  type ProviderStage,
  power,
  refundOf,
  request,
  usd,
} from './stage.contract.ts'

const unavailable = { name: 'Fault', code: 'provider_unavailable', retryable: true }

export function troubleContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  test('while it is away every call says so, and to try again', async () => {
    const stage = await opened()
    const { provider } = stage
    const { paymentId, productId } = await bought(stage)
    const comeBack = await stage.goAway()
    await expect(provider.startCheckout(request(productId))).rejects.toMatchObject(unavailable)
    await expect(provider.getPayment(paymentId)).rejects.toMatchObject(unavailable)
    await expect(provider.refund(refundOf(paymentId))).rejects.toMatchObject(unavailable)
    await expect(all(provider.listPayments(always))).rejects.toMatchObject(unavailable)
    await expect(all(provider.listProducts())).rejects.toMatchObject(unavailable)
    await comeBack()
    expect(await provider.getPayment(paymentId)).toMatchObject({ state: 'succeeded', refunds: [] })
  })

  // The first refusal may be met by asking again at once; the second one is told.
  describe.each([1, 2])('while %i requests are too many', (requests) => {
    test('a product is made once', async () => {
      const stage = await opened()
      const { provider } = stage
      const productId = await insist(stage, requests, () => provider.ensureProduct(power, undefined))
      expect(await all(provider.listProducts())).toMatchObject([{ productId }])
    })

    test('a product whose answer was lost is not made again, for all that it cannot be looked for', async () => {
      const stage = await opened()
      const { provider } = stage
      await stage.loseAnswer('ensureProduct')
      await expect(provider.ensureProduct(power, undefined)).rejects.toMatchObject(unavailable)
      const productId = await insist(stage, requests, () => provider.ensureProduct(power, undefined))
      expect(await all(provider.listProducts())).toMatchObject([{ productId }])
    })

    test('a checkout is started, and led to one payment', async () => {
      const stage = await opened()
      const { provider } = stage
      const asked = request(await provider.ensureProduct(power, undefined))
      const { sessionId } = await insist(stage, requests, () => provider.startCheckout(asked))
      await stage.pay({ sessionId, orderId: asked.orderId })
      const paymentId = await insist(stage, requests, () => provider.findSessionPayment(sessionId))
      expect(await all(provider.listPayments(always))).toMatchObject([{ paymentId, orderId: asked.orderId }])
    })

    test('a saved method is charged once', async () => {
      const stage = await opened()
      const { provider } = stage
      const productId = await provider.ensureProduct(power, undefined)
      const method = await stage.saveMethod(productId)
      const { returnUrl: _, cancelUrl: __, customer: ___, ...asked } = request(productId)
      const { paymentId } = await insist(stage, requests, () =>
        provider.chargeSavedMethod({ ...asked, ...method }),
      )
      const charges = await all(provider.listPayments(always))
      expect(charges.filter(({ orderId }) => orderId === asked.orderId)).toMatchObject([{ paymentId }])
    })

    test.each([1234n, undefined])('money is given back once: %s', async (amountMinor) => {
      const stage = await opened()
      const { provider } = stage
      const { paymentId } = await bought(stage)
      const asked = refundOf(paymentId, amountMinor)
      const { refundId } = await insist(stage, requests, () => provider.refund(asked))
      expect(await all(provider.listRefunds(always))).toMatchObject([
        { refundId, amount: usd(amountMinor ?? 4000n) },
      ])
    })

    test('a unit of credits is made once', async () => {
      const stage = await opened()
      const { provider } = stage
      const unit = { unit: 'credits', unitName: 'Credits' }
      const made = await insist(stage, requests, () => provider.ensureEntitlement(unit))
      expect(await provider.ensureEntitlement(unit)).toBe(made)
    })

    test('a list that is refused halfway is not taken for a short one', async () => {
      const stage = await opened()
      for (let n = 0; n < 101; n += 1) await stage.putProduct(usd(4000n))
      async function listed(): Promise<number> {
        let count = 0
        for await (const _ of stage.provider.listProducts()) {
          if (count === 0) await stage.limitRate(requests)
          count += 1
        }
        return count
      }
      const came = await listed().catch((error: unknown) => error)
      expect(came).toSatisfy((it) => it === 101 || (it instanceof Fault && it.retryable))
    })
  })
}

/** Calls while the next requests are too many, and again for as long as it is said that this helps. */
async function insist<T>(stage: ProviderStage, requests: number, call: () => Promise<T>): Promise<T> {
  const refusals: unknown[] = []
  async function again(): Promise<T> {
    try {
      return await call()
    } catch (error) {
      refusals.push(error)
      if (refusals.length > requests) throw error
      return again()
    }
  }
  await stage.limitRate(requests)
  const answer = await again()
  expect(refusals.length).toBeGreaterThanOrEqual(requests - 1)
  for (const refusal of refusals) expect(refusal).toMatchObject(unavailable)
  return answer
}
