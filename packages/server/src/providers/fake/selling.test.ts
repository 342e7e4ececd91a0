import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { micros } from '../../kernel/credits.ts'
import { idMaker } from '../../kernel/ids.ts'
import type { CheckoutRequest, PackProduct } from '../provider.ts'
import { createFakeProvider, type FakeProvider } from './fake-provider.ts'

const newId = idMaker({ now: Date.now, randomBytes })
let provider: FakeProvider

beforeEach(async () => {
  provider = await createFakeProvider()
})

const power: PackProduct = {
  pack: 'power',
  name: 'Power',
  price: { amountMinor: 4000n, currency: 'USD' },
  adopted: undefined,
  chosenAmount: undefined,
}

function checkout(productId: string, more: Partial<CheckoutRequest> = {}): CheckoutRequest {
  return {
    orderId: newId(),
    productId,
    quantity: 1,
    amountMinor: undefined,
    discountCode: undefined,
    billingCountry: undefined,
    customer: { email: undefined, name: undefined, providerCustomerId: undefined },
    returnUrl: 'http://localhost/',
    cancelUrl: undefined,
    ...more,
  }
}

test('an archived product is listed, is not sold, and is not found again', async () => {
  const productId = await provider.ensureProduct(power, undefined)
  expect(await provider.ensureProduct(power, undefined)).toBe(productId)
  await provider.archiveProduct(productId)
  await expect(provider.startCheckout(checkout(productId))).rejects.toMatchObject({ code: 'product_gone' })
  const next = await provider.ensureProduct(power, productId)
  expect(next).not.toBe(productId)
  const listed = []
  for await (const product of provider.listProducts()) listed.push(product)
  expect(listed).toMatchObject([
    { productId: next, isArchived: false },
    { productId, isArchived: true },
  ])
  expect(listed[0]?.madeFor).toEqual({ pack: 'power', fingerprint: provider.productFingerprint(power) })
})

test('a product that is not there is sold to nobody', async () => {
  await expect(provider.startCheckout(checkout('pdt_none'))).rejects.toMatchObject({
    code: 'provider_refused',
  })
  expect(await provider.describeProduct('pdt_none')).toBeUndefined()
})

test('a preview costs what the checkout will, the chosen amount and the discount counted', async () => {
  const chosen = { ...power, chosenAmount: { maxMinor: 9000n } }
  const productId = await provider.ensureProduct(chosen, undefined)
  provider.putDiscount({ code: 'TENTH', takesOff: { basisPoints: 1000 } })
  const asked = checkout(productId, { quantity: 2, amountMinor: 5005n, discountCode: 'TENTH' })
  expect(await provider.previewCheckout({ ...asked, currency: 'USD' })).toEqual({
    subtotal: { amountMinor: 10_010n, currency: 'USD' },
    discountMinor: 1001n,
    taxMinor: 0n,
    totalMinor: 9009n,
  })
  await provider.startCheckout(asked)
  provider.pay(asked.orderId, undefined)
  expect(await provider.getPayment('pay_1')).toMatchObject({ charged: { total: { amountMinor: 9009n } } })
  await expect(provider.startCheckout({ ...asked, amountMinor: 3999n })).rejects.toThrow('below the product')
})

test('a saved method is charged until it is deleted, and the outcome comes as a message', async () => {
  const productId = await provider.ensureProduct(power, undefined)
  const providerCustomerId = provider.addCustomer()
  const { methodId } = provider.saveMethod(providerCustomerId, {})
  const charge = { ...checkout(productId), providerCustomerId, methodId }
  const { paymentId } = await provider.chargeSavedMethod(charge)
  expect(await provider.getPayment(paymentId)).toMatchObject({ state: 'processing', methodId })
  const { rawBody } = provider.endCharge(paymentId, 'INSUFFICIENT_FUNDS')
  expect(provider.readMessage(rawBody)).toMatchObject({
    eventType: 'payment.failed',
    event: { payment: { state: 'failed', failure: { code: 'INSUFFICIENT_FUNDS' } } },
  })
  expect(await provider.getInvoice(paymentId)).toBeUndefined()
  await provider.deletePaymentMethod(providerCustomerId, methodId)
  expect(await provider.listPaymentMethods(providerCustomerId)).toEqual([])
  await expect(provider.chargeSavedMethod(charge)).rejects.toThrow(`no payment method ${methodId}`)
})

test('credits are granted by what was bought, and what is posted under one key is posted once', async () => {
  const entitlement = { unit: 'credits', unitName: 'Credits', credits: micros(12_500_000n) }
  const productId = await provider.ensureProduct({ ...power, entitlement }, undefined)
  expect(await provider.describeProduct(productId)).toEqual({ credits: '12.5', unit: 'credits' })
  const { rawBody } = provider.payByLink({
    productId,
    quantity: 2,
    customer: 'ada',
    providerCustomerId: undefined,
  })
  expect(provider.readMessage(rawBody)).toMatchObject({
    event: { payment: { customer: 'ada', orderId: undefined, providerCustomerId: 'cus_1' } },
  })
  const entitlementId = await provider.ensureEntitlement(entitlement)
  const grants = []
  for await (const grant of provider.listCreditGrants(entitlementId, 'cus_1')) grants.push(grant)
  expect(grants).toMatchObject([{ credits: '25', referenceId: 'pay_1' }])
  const posting = {
    entitlementId,
    providerCustomerId: 'cus_1',
    credits: micros(1_000_000n),
    kind: 'debit',
    key: 'once',
    reason: 'spent',
  } as const
  await provider.postCredits(posting)
  await provider.postCredits(posting)
  expect(provider.postings()).toEqual([posting])
  await expect(provider.postCredits({ ...posting, entitlementId: 'cde_none' })).rejects.toThrow('cde_none')
})

test('what has succeeded has an invoice, and its customer a portal', async () => {
  const order = checkout(await provider.ensureProduct(power, undefined))
  await provider.startCheckout(order)
  provider.pay(order.orderId, undefined)
  const invoice = await provider.getInvoice('pay_1')
  expect(new TextDecoder().decode(invoice)).toMatch(/^%PDF-/)
  expect(await provider.getInvoice('pay_none')).toBeUndefined()
  expect(await provider.portalLink('cus_1', undefined)).toBe('https://portal.test/cus_1')
  await expect(provider.portalLink('cus_none', undefined)).rejects.toMatchObject({ code: 'provider_refused' })
})

test('a body of another making is no event', () => {
  expect(provider.readMessage('{')).toMatchObject({ kind: 'unreadable' })
  expect(provider.readMessage('{"type":"payment.refunded"}')).toMatchObject({
    kind: 'ignored',
    eventType: 'payment.refunded',
  })
})
