import { describe } from 'vitest'
import type { ProviderStage } from '../contract/stage.contract.ts'
import { providerContract } from '../provider.contract.ts'
import { createFakeProvider } from './fake-provider.ts'

async function openStage(): Promise<ProviderStage> {
  const provider = await createFakeProvider()
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
      provider.settleRefund(refundId, state)
    },
    async openDispute(paymentId) {
      provider.openDispute(paymentId, {})
      const [dispute] = (await provider.getPayment(paymentId))?.disputes ?? []
      return dispute?.disputeId ?? ''
    },
    async decideDispute(disputeId, state) {
      provider.decideDispute(disputeId, { state })
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
    async putProduct(price) {
      products += 1
      const productId = `pdt_by_hand_${products}`
      provider.putProduct(productId, price)
      return productId
    },
    loseAnswer: async (making) => provider.loseAnswer(making),
    async goAway() {
      provider.setTrouble('away')
      return async () => provider.setTrouble(undefined)
    },
  }
}

describe('the fake provider', () => {
  providerContract(openStage)
})
