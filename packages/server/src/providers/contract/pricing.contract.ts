import { describe, expect, test } from 'vitest'
import type { Money } from '../../kernel/money.ts'
import type { CheckoutRequest } from '../provider.ts'
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

export function pricingContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  describe('tax', () => {
    test.each([
      ['DE', 760n],
      ['JP', 400n],
      ['US', 0n],
    ])('is added to the price, so that the net is what was ordered: %s', async (country, taxMinor) => {
      const stage = await opened()
      const total = usd(4000n + taxMinor)
      expect(await previewed(stage, { billingCountry: country })).toEqual({
        subtotal: usd(4000n),
        discountMinor: 0n,
        taxMinor,
        totalMinor: total.amountMinor,
      })
      const { paymentId } = await bought(stage, { billingCountry: country })
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({
        charged: { total, taxMinor },
        settled: { total, taxMinor },
      })
      expect(await all(stage.provider.listPayments(always))).toMatchObject([{ paymentId, charged: total }])
    })

    test.each([
      ['DE', 639n],
      ['JP', 364n],
      ['US', 0n],
    ])(
      'may be contained in the price, so that the total is what was ordered: %s',
      async (country, taxMinor) => {
        const stage = await opened()
        const productId = await stage.putProduct(usd(4000n), { isTaxInclusive: true })
        expect(await stage.provider.ensureProduct({ ...power, adopted: productId }, undefined)).toBe(
          productId,
        )
        expect(await previewed(stage, { productId, billingCountry: country })).toEqual({
          subtotal: usd(4000n - taxMinor),
          discountMinor: 0n,
          taxMinor,
          totalMinor: 4000n,
        })
        const { paymentId } = await bought(stage, { productId, billingCountry: country })
        expect(await stage.provider.getPayment(paymentId)).toMatchObject({
          charged: { total: usd(4000n), taxMinor },
          settled: { total: usd(4000n), taxMinor },
        })
      },
    )

    test.each([
      [false, { subtotal: usd(4005n), discountMinor: 401n, taxMinor: 685n, totalMinor: 4289n }],
      [true, { subtotal: usd(3366n), discountMinor: 337n, taxMinor: 575n, totalMinor: 3604n }],
    ])('is of what a discount leaves; contained in the price: %s', async (isTaxInclusive, price) => {
      const stage = await opened()
      await stage.putDiscount('TENOFF', 1000)
      const productId = await stage.putProduct(usd(4005n), { isTaxInclusive })
      const asked = { productId, billingCountry: 'DE', discountCode: 'TENOFF' }
      expect(await previewed(stage, asked)).toEqual(price)
      const { paymentId } = await bought(stage, asked)
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({
        charged: { total: usd(price.totalMinor), taxMinor: price.taxMinor },
      })
    })

    test('goes back with the money, in part and in the end', async () => {
      const stage = await opened()
      const { paymentId } = await bought(stage, { billingCountry: 'DE' })
      expect(await givenBack(stage, paymentId)).toEqual(allOf(usd(4760n)))
    })
  })

  describe('currencies', () => {
    test.each([
      ['EUR', 'DE', 3680n, 699n, 760n],
      ['JPY', 'JP', 6000n, 600n, 400n],
    ])('a price is converted to %s for %s, and what was charged is told in it', async (...row) => {
      const [currency, country, netMinor, taxMinor, settledTaxMinor] = row
      const stage = await opened()
      await stage.adaptCurrencies()
      const { paymentId } = await bought(stage, { billingCountry: country })
      const total = { amountMinor: netMinor + taxMinor, currency }
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({
        charged: { total, taxMinor },
        settled: { total: usd(4000n + settledTaxMinor), taxMinor: settledTaxMinor },
      })
      expect(await all(stage.provider.listPayments(always))).toMatchObject([{ paymentId, charged: total }])
      expect(await givenBack(stage, paymentId)).toEqual(allOf(total))
      const disputed = await bought(stage, { billingCountry: country })
      const { disputeId } = await stage.openDispute(disputed.paymentId)
      expect((await stage.provider.getDispute(disputeId))?.amount).toEqual(total)
      // Of what an order costs is asked in the currency of the order.
      expect(await previewed(stage, { billingCountry: country })).toMatchObject({
        subtotal: usd(4000n),
        totalMinor: 4000n + settledTaxMinor,
      })
    })

    test.each(['EUR', 'JPY'])('a price in %s is charged as it is', async (currency) => {
      const stage = await opened()
      const price = { amountMinor: 4001n, currency }
      const productId = await stage.provider.ensureProduct({ ...power, price }, undefined)
      expect(await all(stage.provider.listProducts())).toMatchObject([{ productId, price }])
      const { paymentId } = await bought(stage, { productId })
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({
        charged: { total: price, taxMinor: 0n },
        settled: { total: price, taxMinor: 0n },
      })
      expect(await givenBack(stage, paymentId)).toEqual(allOf(price))
    })
  })
}

async function previewed({ provider }: ProviderStage, changes: Partial<CheckoutRequest>) {
  const productId = changes.productId ?? (await provider.ensureProduct(power, undefined))
  const { orderId: _, returnUrl: __, cancelUrl: ___, ...asked } = request(productId, changes)
  return provider.previewCheckout({ ...asked, currency: 'USD' })
}

/** How much goes back when a part is refunded, and when the rest is. */
async function givenBack(stage: ProviderStage, paymentId: string) {
  const { provider } = stage
  const part = await provider.refund(refundOf(paymentId, 1234n))
  await stage.settleRefund(part.refundId, 'succeeded')
  const rest = await provider.refund(refundOf(paymentId))
  await stage.settleRefund(rest.refundId, 'succeeded')
  return {
    part: (await provider.getRefund(part.refundId))?.amount,
    rest: (await provider.getRefund(rest.refundId))?.amount,
    isAll: (await provider.getPayment(paymentId))?.isFullyRefunded,
  }
}

/** What goes back of all of it. */
function allOf({ amountMinor, currency }: Money) {
  return {
    part: { amountMinor: 1234n, currency },
    rest: { amountMinor: amountMinor - 1234n, currency },
    isAll: true,
  }
}
