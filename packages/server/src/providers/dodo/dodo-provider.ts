import type { TaxCategory } from 'dodopayments/resources/misc'
import { invalidSignature } from '../errors.ts'
import type { PackProduct, PaymentProvider } from '../provider.ts'
import { verifySignature } from '../verify-signature.ts'
import { callDodo, type Dodo, findAtDodo } from './call-dodo.ts'
import { type DodoSettings, modeOf, refuseMixedModes } from './dodo-settings.ts'
import { describeProduct, ensureProduct, fingerprintOf, listProducts } from './ensure-product.ts'
import { ensureEntitlement, listCreditGrants, postCredits } from './entitlements.ts'
import { listPaymentMethods } from './list-payment-methods.ts'
import { readMessage } from './read-message.ts'
import { disputeFrom, refundFrom } from './read-money-back.ts'
import { readPayment } from './read-payment.ts'
import { refundPayment } from './refund-payment.ts'
import { chargeSavedMethod, previewCheckout, startCheckout } from './start-checkout.ts'
import { walks } from './walk.ts'
import { verifiersOf } from './webhook-verifiers.ts'

export interface DodoOptions extends DodoSettings {
  /** Of the products that are made. */
  readonly taxCategory?: TaxCategory
  readonly fetch?: typeof globalThis.fetch
  readonly nowMs?: () => number
}

// A customer waits for the answer. The SDK's own patience is a minute, three times.
const timeoutMs = 20_000

// A product that was found right is believed for a while, so that a checkout costs one call and a price edited at Dodo is noticed.
const productTrustMs = 5 * 60_000

/**
 * Dodo Payments as a provider. Loads the official SDK, and makes no call yet.
 *
 * @throws Fault provider_settings_wrong when a webhook secret cannot be one, or the key is of another mode than the target
 */
export async function createDodoProvider(options: DodoOptions): Promise<PaymentProvider> {
  const { taxCategory = 'saas', nowMs = Date.now } = options
  refuseMixedModes(options)
  const [sdk, { Webhook }] = await Promise.all([import('dodopayments'), import('standardwebhooks')])
  const { target } = options
  const client = new sdk.DodoPayments({
    bearerToken: options.apiKey,
    webhookKey: null,
    // Said outright, so that no variable of the environment gets a word in.
    ...('baseUrl' in target
      ? { baseURL: target.baseUrl }
      : { baseURL: null, environment: target.environment }),
    timeout: timeoutMs,
    maxRetries: 1,
    logLevel: 'off',
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  })
  const dodo: Dodo = { client, APIError: sdk.APIError }
  const verifiers = verifiersOf(options.webhookSecrets, Webhook)
  const trusted = new Map<string, { readonly productId: string; readonly untilMs: number }>()
  const underWay = new Map<string, Promise<string>>()

  async function productFor(key: string, product: PackProduct, knownId: string | undefined): Promise<string> {
    const fingerprint = fingerprintOf(product, taxCategory)
    const productId = await ensureProduct(dodo, { product, knownId, fingerprint, taxCategory })
    trusted.set(key, { productId, untilMs: nowMs() + productTrustMs })
    return productId
  }

  return {
    name: 'dodo',
    mode: modeOf(target),
    productFingerprint: (product) => fingerprintOf(product, taxCategory),

    async ensureProduct(product, knownId) {
      const key = JSON.stringify([product.pack, product.adopted, fingerprintOf(product, taxCategory)])
      const found = trusted.get(key)
      // Another process may have made a second product; whoever names that one goes on with it.
      const isFound = found !== undefined && (knownId === undefined || knownId === found.productId)
      if (isFound && found.untilMs > nowMs()) return found.productId
      // Two first buyers at once would otherwise make two products.
      const callKey = JSON.stringify([key, knownId])
      const begun = underWay.get(callKey)
      if (begun !== undefined) return begun
      const call = productFor(key, product, knownId).finally(() => underWay.delete(callKey))
      underWay.set(callKey, call)
      return call
    },

    listProducts: () => listProducts(dodo),

    async archiveProduct(productId) {
      await findAtDodo(dodo, (api) => api.products.archive(productId))
      trusted.clear()
    },

    describeProduct: (productId) => describeProduct(dodo, productId),

    listCreditGrants: (entitlementId, providerCustomerId) =>
      listCreditGrants(dodo, entitlementId, providerCustomerId),
    ensureEntitlement: (unit) => ensureEntitlement(dodo, unit),
    postCredits: (posting) => postCredits(dodo, posting),

    async startCheckout(request) {
      try {
        return await startCheckout(dodo, request)
      } catch (error) {
        // The product may be gone since it was looked at: the next checkout looks again.
        trusted.clear()
        throw error
      }
    },

    previewCheckout: (request) => previewCheckout(dodo, request),

    async findSessionPayment(sessionId) {
      const session = await findAtDodo(dodo, (api) => api.checkoutSessions.retrieve(sessionId))
      return session?.payment_id ?? undefined
    },

    chargeSavedMethod: (charge) => chargeSavedMethod(dodo, charge),

    async getPayment(paymentId) {
      const payment = await findAtDodo(dodo, (api) => api.payments.retrieve(paymentId))
      return payment === undefined ? undefined : readPayment(payment).data
    },

    async getRefund(refundId) {
      return refundFrom(await findAtDodo(dodo, (api) => api.refunds.retrieve(refundId)))
    },

    async getDispute(disputeId) {
      return disputeFrom(await findAtDodo(dodo, (api) => api.disputes.retrieve(disputeId)))
    },

    ...walks(dodo),

    refund: (request) => refundPayment(dodo, request),

    async getInvoice(paymentId) {
      const response = await findAtDodo(dodo, (api) => api.invoices.payments.retrieve(paymentId))
      return response === undefined ? undefined : new Uint8Array(await response.arrayBuffer())
    },

    listPaymentMethods: (providerCustomerId) => listPaymentMethods(dodo, providerCustomerId),

    async deletePaymentMethod(providerCustomerId, methodId) {
      await findAtDodo(dodo, (api) =>
        api.customers.deletePaymentMethod(methodId, { customer_id: providerCustomerId }),
      )
    },

    async portalLink(providerCustomerId, returnUrl) {
      const { link } = await callDodo(dodo, (api) =>
        api.customers.customerPortal.create(
          providerCustomerId,
          returnUrl === undefined ? {} : { return_url: returnUrl },
        ),
      )
      return link
    },

    verifyWebhook(headers, rawBody) {
      const verified = verifySignature(verifiers, headers, rawBody)
      if (!verified.ok) throw invalidSignature({ reason: verified.reason })
      return { messageId: verified.messageId, reading: readMessage(rawBody) }
    },

    readMessage,
  }
}
