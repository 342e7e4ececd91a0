import { describe, expect, test } from 'vitest'
import { micros } from '../../kernel/credits.ts'
import {
  all,
  always,
  bought,
  type OpenStage,
  openedFor,
  power,
  request,
  startCheckout,
  usd,
} from './stage.contract.ts'

export function sellingContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  describe('products', () => {
    test('one that is made is found again by its id, and is listed with what it was made for', async () => {
      const { provider } = await opened()
      const made = await provider.ensureProduct(power, undefined)
      expect(await provider.ensureProduct(power, made)).toBe(made)
      const fingerprint = provider.productFingerprint(power)
      expect(await all(provider.listProducts())).toMatchObject([
        {
          productId: made,
          name: 'Power',
          price: power.price,
          isArchived: false,
          madeFor: { pack: 'power', fingerprint },
        },
      ])
    })

    test('one whose answer was lost is not made again', async () => {
      const stage = await opened()
      const { provider } = stage
      await stage.loseAnswer('ensureProduct')
      await expect(provider.ensureProduct(power, undefined)).rejects.toMatchObject({
        code: 'provider_unavailable',
      })
      const found = await provider.ensureProduct(power, undefined)
      expect(await all(provider.listProducts())).toMatchObject([{ productId: found }])
    })

    test("with the provider's own credits it brings them, once a payment, times the quantity", async () => {
      const stage = await opened()
      const { provider } = stage
      const entitlement = { unit: 'credits', unitName: 'Credits', credits: micros(12_500_000n) }
      const productId = await provider.ensureProduct({ ...power, entitlement }, undefined)
      expect(await provider.describeProduct(productId)).toMatchObject({ credits: '12.5' })
      const entitlementId = await provider.ensureEntitlement(entitlement)
      expect(await provider.ensureEntitlement(entitlement)).toBe(entitlementId)
      const { paymentId } = await bought(stage, { productId, quantity: 2 })
      const customer = (await provider.getPayment(paymentId))?.providerCustomerId ?? ''
      const grants = await all(provider.listCreditGrants(entitlementId, customer))
      expect(grants).toMatchObject([{ providerCustomerId: customer, entitlementId, credits: '25' }])
      const posting = {
        entitlementId,
        providerCustomerId: customer,
        credits: micros(1_500_000n),
        kind: 'debit' as const,
        key: 'once',
        reason: 'Spent',
      }
      await provider.postCredits(posting)
      await provider.postCredits(posting)
    })

    test('another price is another product', async () => {
      const { provider } = await opened()
      const dearer = { ...power, price: usd(4100n) }
      expect(provider.productFingerprint(dearer)).not.toBe(provider.productFingerprint(power))
      const one = await provider.ensureProduct(power, undefined)
      expect(await provider.ensureProduct(dearer, undefined)).not.toBe(one)
    })

    test('an adopted one is sold as it is, and refused where its price is another', async () => {
      const stage = await opened()
      const { provider } = stage
      const adopted = await stage.putProduct(usd(4000n))
      expect(await provider.ensureProduct({ ...power, adopted }, undefined)).toBe(adopted)
      const other = await stage.putProduct(usd(3900n))
      await expect(provider.ensureProduct({ ...power, adopted: other }, undefined)).rejects.toMatchObject({
        code: 'product_mismatch',
        facts: { product: other },
      })
    })

    test('one that is archived stays listed as such, and archiving may be repeated', async () => {
      const { provider } = await opened()
      const made = await provider.ensureProduct(power, undefined)
      await provider.archiveProduct(made)
      await provider.archiveProduct(made)
      expect(await all(provider.listProducts())).toMatchObject([{ productId: made, isArchived: true }])
    })
  })

  describe('selling', () => {
    test('a session leads to the payment, which says what was ordered and charged', async () => {
      const stage = await opened()
      const session = await startCheckout(stage, { quantity: 2 })
      expect(await stage.provider.findSessionPayment(session.sessionId)).toBeUndefined()
      await stage.pay(session)
      const paymentId = await stage.provider.findSessionPayment(session.sessionId)
      expect(await stage.provider.getPayment(paymentId ?? '')).toMatchObject({
        paymentId,
        state: 'succeeded',
        orderId: session.orderId,
        providerCustomerId: expect.any(String),
        subscriptionId: undefined,
        cart: [{ productId: session.productId, quantity: 2 }],
        charged: { total: usd(8000n), taxMinor: 0n },
        discountCodes: [],
        failure: undefined,
        isFullyRefunded: false,
        createdAt: expect.any(Date),
        refunds: [],
        disputes: [],
      })
    })

    test('a session that is not known has led to nothing', async () => {
      const { provider } = await opened()
      expect(await provider.findSessionPayment('cks_nowhere')).toBeUndefined()
    })

    test('a declined attempt fails with a sentence, and the session can still be paid', async () => {
      const stage = await opened()
      const session = await startCheckout(stage)
      await stage.decline(session)
      const [declined] = await all(stage.provider.listPayments(always))
      expect(declined).toMatchObject({ state: 'failed', orderId: session.orderId })
      expect((await stage.provider.getPayment(declined?.paymentId ?? ''))?.failure).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
        message: expect.stringMatching(/\.$/),
      })
      await stage.pay(session)
      const paymentId = await stage.provider.findSessionPayment(session.sessionId)
      expect(await stage.provider.getPayment(paymentId ?? '')).toMatchObject({ state: 'succeeded' })
    })

    test('a preview says what a checkout would cost, with its discount', async () => {
      const stage = await opened()
      await stage.putDiscount('TENOFF', 1000)
      const productId = await stage.provider.ensureProduct(power, undefined)
      const { orderId: _, returnUrl: __, cancelUrl: ___, ...asked } = request(productId, { quantity: 2 })
      const preview = { ...asked, currency: 'USD' }
      expect(await stage.provider.previewCheckout(preview)).toEqual({
        subtotal: usd(8000n),
        discountMinor: 0n,
        taxMinor: 0n,
        totalMinor: 8000n,
      })
      expect(await stage.provider.previewCheckout({ ...preview, discountCode: 'TENOFF' })).toMatchObject({
        discountMinor: 800n,
        totalMinor: 7200n,
      })
      await expect(
        stage.provider.previewCheckout({ ...preview, discountCode: 'NOTHING' }),
      ).rejects.toMatchObject({ code: 'discount_not_valid', facts: { discountCode: 'NOTHING' } })
    })

    test('a discount is taken off what is charged and named by the payment; one that is not valid is refused', async () => {
      const stage = await opened()
      await stage.putDiscount('TENOFF', 1000)
      const { paymentId } = await bought(stage, { discountCode: 'TENOFF' })
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({
        charged: { total: usd(3600n) },
        discountCodes: ['TENOFF'],
      })
      await expect(startCheckout(stage, { discountCode: 'NOTHING' })).rejects.toMatchObject({
        code: 'discount_not_valid',
      })
    })

    test('a customer who is known is the same one the next time', async () => {
      const stage = await opened()
      const first = await bought(stage)
      const customer = (await stage.provider.getPayment(first.paymentId))?.providerCustomerId
      const second = await bought(stage, {
        customer: { email: undefined, name: undefined, providerCustomerId: customer },
      })
      expect((await stage.provider.getPayment(second.paymentId))?.providerCustomerId).toBe(customer)
    })
  })

  describe('saved methods', () => {
    test('are listed, charged for an order, and deleted', async () => {
      const stage = await opened()
      const { provider } = stage
      const productId = await provider.ensureProduct(power, undefined)
      const { providerCustomerId, methodId } = await stage.saveMethod(productId)
      const methods = await provider.listPaymentMethods(providerCustomerId)
      expect(methods).toMatchObject([
        { methodId, kind: 'card', lastFour: expect.stringMatching(/^\d{4}$/), isRecurring: true },
      ])
      const { orderId, quantity, amountMinor, discountCode, billingCountry } = request(productId)
      const { paymentId } = await provider.chargeSavedMethod({
        orderId,
        productId,
        quantity,
        amountMinor,
        discountCode,
        billingCountry,
        providerCustomerId,
        methodId,
      })
      await stage.endCharge(paymentId)
      expect(await provider.getPayment(paymentId)).toMatchObject({
        state: 'succeeded',
        orderId,
        providerCustomerId,
        charged: { total: usd(4000n) },
      })
      await provider.deletePaymentMethod(providerCustomerId, methodId)
      expect(await provider.listPaymentMethods(providerCustomerId)).toEqual([])
    })

    test('the portal has an address, for customers who are known', async () => {
      const stage = await opened()
      const { paymentId } = await bought(stage)
      const customer = (await stage.provider.getPayment(paymentId))?.providerCustomerId ?? ''
      expect(await stage.provider.portalLink(customer, undefined)).toMatch(/^https?:\/\//)
      await expect(stage.provider.portalLink('cus_nowhere', undefined)).rejects.toMatchObject({
        code: 'provider_refused',
      })
    })
  })
}
