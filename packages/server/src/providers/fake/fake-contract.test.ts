import { describe } from 'vitest'
import type { ProviderStage } from '../contract/stage.contract.ts'
import { providerContract } from '../provider.contract.ts'
import { createFakeProvider } from './fake-provider.ts'

async function openStage(): Promise<ProviderStage> {
  const provider = await createFakeProvider()
  provider.putCountry('DE', { taxBasisPoints: 1900n })
  provider.putCountry('JP', { taxBasisPoints: 1000n })
  let products = 0
  return {
    provider,
    close: () => Promise.resolve(),
    pay: async ({ orderId }) => provider.pay(orderId, undefined),
    decline: async ({ orderId }) => provider.decline(orderId, 'INSUFFICIENT_FUNDS'),
    async saveMethod() {
      const providerCustomerId = provider.addCustomer()
      return { providerCustomerId, methodId: provider.saveMethod(providerCustomerId, {}).methodId }
    },
    async endCharge(paymentId) {
      provider.endCharge(paymentId, undefined)
    },
    async settleRefund(refundId, state) {
      return provider.settleRefund(refundId, state)
    },
    async openDispute(paymentId) {
      const told = provider.openDispute(paymentId, {})
      return { disputeId: provider.undecidedDispute(paymentId)?.disputeId ?? '', told }
    },
    async decideDispute(disputeId, state) {
      return provider.decideDispute(disputeId, { state })
    },
    async putDiscount(code, basisPoints) {
      provider.putDiscount({
        code,
        takesOff: { basisPoints },
        expiresAt: undefined,
        usageLimit: undefined,
        productIds: undefined,
      })
    },
    async putProduct(price, options) {
      products += 1
      const productId = `pdt_by_hand_${products}`
      provider.putProduct(productId, price, options)
      return productId
    },
    async adaptCurrencies() {
      const euros = { currency: 'EUR', minor: 23n, forMinor: 25n }
      provider.putCountry('DE', { taxBasisPoints: 1900n, billedIn: euros })
      // A yen is the smallest of its units, and a cent the hundredth part of a dollar.
      const yen = { currency: 'JPY', minor: 150n, forMinor: 100n }
      provider.putCountry('JP', { taxBasisPoints: 1000n, billedIn: yen })
    },
    loseAnswer: async (making) => provider.loseAnswer(making),
    limitRate: async (requests) => provider.limitRate(requests),
    async goAway() {
      provider.setTrouble('away')
      return async () => provider.setTrouble(undefined)
    },
  }
}

describe('the fake provider', () => {
  providerContract(openStage)
})
