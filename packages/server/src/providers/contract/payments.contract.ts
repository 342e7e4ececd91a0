import { describe, expect, test } from 'vitest'
import {
  all,
  always,
  beginning,
  bought,
  type OpenStage,
  openedFor,
  power,
  refundOf,
  startCheckout,
  usd,
} from './stage.contract.ts'

export function paymentsContract(open: OpenStage): void {
  const opened = () => openedFor(open)

  describe('payments', () => {
    test('what is not known is undefined', async () => {
      const { provider } = await opened()
      expect(await provider.getPayment('pay_nowhere')).toBeUndefined()
      expect(await provider.getRefund('ref_nowhere')).toBeUndefined()
      expect(await provider.getDispute('dp_nowhere')).toBeUndefined()
      expect(await provider.getInvoice('pay_nowhere')).toBeUndefined()
    })

    test('one that succeeded has its invoice as a PDF', async () => {
      const stage = await opened()
      const { paymentId } = await bought(stage)
      const invoice = await stage.provider.getInvoice(paymentId)
      expect(new TextDecoder('latin1').decode(invoice).slice(0, 5)).toBe('%PDF-')
    })

    test('more than a page are listed, each once, in their window, and of their customer', async () => {
      const stage = await opened()
      const { provider } = stage
      const productId = await provider.ensureProduct(power, undefined)
      const paid: string[] = []
      for (let n = 0; n < 103; n += 1) paid.push((await bought(stage, { productId })).paymentId)
      const listed = await all(provider.listPayments(always))
      expect(listed.map(({ paymentId }) => paymentId).sort()).toEqual(paid.sort())
      expect(listed[0]).toMatchObject({
        state: 'succeeded',
        orderId: expect.any(String),
        charged: usd(4000n),
        isTroubled: false,
      })
      const times = listed.map(({ createdAt }) => createdAt?.getTime() ?? 0).sort((a, b) => a - b)
      const [from, to] = [new Date(times[20] ?? 0), new Date(times[80] ?? 0)]
      const within = times.filter((at) => at >= from.getTime() && at <= to.getTime())
      expect(await all(provider.listPayments({ from, to }))).toHaveLength(within.length)
      expect(await all(provider.listPayments({ from: beginning, to: beginning }))).toEqual([])
      const [{ providerCustomerId } = { providerCustomerId: undefined }] = listed
      const theirs = await all(provider.listPayments(always, providerCustomerId))
      expect(theirs).toHaveLength(
        listed.filter((one) => one.providerCustomerId === providerCustomerId).length,
      )
      expect(await all(provider.listSubscriptions(always))).toEqual([])
    }, 60_000)

    test('of refunds and disputes, too, more than a page are listed, each once', async () => {
      const stage = await opened()
      const { provider } = stage
      const productId = await provider.ensureProduct(power, undefined)
      const [refundIds, disputeIds]: [string[], string[]] = [[], []]
      for (let n = 0; n < 103; n += 1) {
        const { paymentId } = await bought(stage, { productId })
        refundIds.push((await provider.refund(refundOf(paymentId, 1000n))).refundId)
        disputeIds.push((await stage.openDispute(paymentId)).disputeId)
      }
      const refunds = await all(provider.listRefunds(always))
      expect(refunds.map(({ refundId }) => refundId).sort()).toEqual(refundIds.sort())
      const disputes = await all(provider.listDisputes(always))
      expect(disputes.map(({ disputeId }) => disputeId).sort()).toEqual(disputeIds.sort())
      const before = { from: beginning, to: beginning }
      expect(await all(provider.listRefunds(before))).toEqual([])
      expect(await all(provider.listDisputes(before))).toEqual([])
    }, 60_000)
  })

  describe('refunds', () => {
    test('of all, with the request that asked for it, and not of anything twice', async () => {
      const stage = await opened()
      const { provider } = stage
      const { paymentId } = await bought(stage)
      const asked = refundOf(paymentId)
      const { refundId } = await provider.refund(asked)
      await stage.settleRefund(refundId, 'succeeded')
      expect(await provider.getRefund(refundId)).toMatchObject({
        paymentId,
        state: 'succeeded',
        amount: usd(4000n),
        reason: 'Asked for',
        refundRequestId: asked.refundRequestId,
      })
      expect(await provider.getPayment(paymentId)).toMatchObject({
        isFullyRefunded: true,
        refunds: [{ refundId, state: 'succeeded', amount: usd(4000n) }],
      })
      expect(await all(provider.listRefunds(always))).toMatchObject([
        { refundId, paymentId, state: 'succeeded' },
      ])
      expect(await all(provider.listPayments(always))).toMatchObject([{ paymentId, isTroubled: true }])
      await expect(provider.refund(refundOf(paymentId))).rejects.toMatchObject({ code: 'provider_refused' })
    })

    test('of a part, one after the other, up to what was paid', async () => {
      const stage = await opened()
      const { provider } = stage
      const { paymentId } = await bought(stage, { quantity: 2 })
      const first = await provider.refund(refundOf(paymentId, 1234n))
      await expect(provider.refund(refundOf(paymentId, 1n))).rejects.toMatchObject({
        code: 'provider_refused',
      })
      await stage.settleRefund(first.refundId, 'succeeded')
      expect(await provider.getPayment(paymentId)).toMatchObject({ isFullyRefunded: false })
      await expect(provider.refund(refundOf(paymentId, 6767n))).rejects.toMatchObject({
        code: 'provider_refused',
      })
      const rest = await provider.refund(refundOf(paymentId))
      await stage.settleRefund(rest.refundId, 'succeeded')
      expect(await provider.getRefund(rest.refundId)).toMatchObject({ amount: usd(6766n) })
      expect(await provider.getPayment(paymentId)).toMatchObject({ isFullyRefunded: true })
    })

    test('one that failed has given nothing back, and another may be asked for', async () => {
      const stage = await opened()
      const { paymentId } = await bought(stage)
      const { refundId } = await stage.provider.refund(refundOf(paymentId))
      await stage.settleRefund(refundId, 'failed')
      expect(await stage.provider.getRefund(refundId)).toMatchObject({ state: 'failed' })
      expect(await stage.provider.getPayment(paymentId)).toMatchObject({ isFullyRefunded: false })
      expect(await stage.provider.refund(refundOf(paymentId))).toMatchObject({ paymentId })
    })

    test('one whose answer was lost is found again by the request that it carries', async () => {
      const stage = await opened()
      const { provider } = stage
      const { paymentId } = await bought(stage)
      const asked = refundOf(paymentId, 1000n)
      await stage.loseAnswer('refund')
      await expect(provider.refund(asked)).rejects.toMatchObject({ code: 'provider_unavailable' })
      const [told, ...others] = (await provider.getPayment(paymentId))?.refunds ?? []
      expect(others).toEqual([])
      expect(await provider.getRefund(told?.refundId ?? '')).toMatchObject({
        refundRequestId: asked.refundRequestId,
        amount: usd(1000n),
      })
    })

    test('what was not paid cannot be refunded', async () => {
      const stage = await opened()
      await stage.decline(await startCheckout(stage))
      const [declined] = await all(stage.provider.listPayments(always))
      await expect(stage.provider.refund(refundOf(declined?.paymentId ?? ''))).rejects.toMatchObject({
        code: 'provider_refused',
      })
    })
  })

  test.each(['won', 'lost'] as const)('a dispute is open until it is decided: %s', async (state) => {
    const stage = await opened()
    const { provider } = stage
    const { paymentId } = await bought(stage)
    const { disputeId } = await stage.openDispute(paymentId)
    expect(await provider.getDispute(disputeId)).toMatchObject({
      disputeId,
      paymentId,
      state: 'open',
      stage: 'dispute',
      isRapidlyResolved: false,
      amount: usd(4000n),
    })
    await stage.decideDispute(disputeId, state)
    expect(await provider.getDispute(disputeId)).toMatchObject({ state })
    expect(await all(provider.listDisputes(always))).toMatchObject([{ disputeId, paymentId, state }])
    expect(await provider.getPayment(paymentId)).toMatchObject({ disputes: [{ disputeId, state }] })
  })
}
