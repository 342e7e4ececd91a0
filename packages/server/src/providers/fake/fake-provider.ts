import { createHash, randomBytes } from 'node:crypto'
import { formatId, type Uuid } from '../../kernel/ids.ts'
import { formatMoney, type Money } from '../../kernel/money.ts'
import { invalidSignature, productMismatch, providerRefused } from '../errors.ts'
import type { CheckoutRequest, PaymentProvider } from '../provider.ts'
import { verifySignature } from '../verify-signature.ts'
import { type FakeMessage, readMessage } from './message.ts'

/** A webhook as it would come over the network. */
export interface SignedMessage {
  readonly messageId: string
  readonly headers: Headers
  readonly rawBody: string
}

/** A payment provider in memory, and what its customers do. */
export interface FakeProvider extends PaymentProvider {
  readonly name: 'fake'
  /** Sells under this id at this price from now on, as if changed in the provider's dashboard. An adopted one sells what the pack says until told. */
  putProduct(productId: string, price: Money): void
  /** The order's customer pays: the price of its checkout, unless something else is charged. */
  pay(orderId: Uuid, charged: Money | undefined): SignedMessage
  /** The order's customer tries to pay, and the bank declines. */
  decline(orderId: Uuid, failureCode: string): SignedMessage
  /** The last message about the order once more: the same id and body, signed anew. */
  signAgain(orderId: Uuid): SignedMessage
}

interface Checkout {
  readonly request: CheckoutRequest
  readonly customerId: string
  readonly price: Money
}

/** Starts empty. Each has a secret of its own, so none believes another's messages. */
export async function createFakeProvider(): Promise<FakeProvider> {
  const { Webhook } = await import('standardwebhooks')
  const webhook = new Webhook(`whsec_${randomBytes(24).toString('base64')}`)
  const pricesByProduct = new Map<string, Money>()
  const checkoutsByOrder = new Map<Uuid, Checkout>()
  const lastByOrder = new Map<Uuid, { readonly messageId: string; readonly rawBody: string }>()
  const counts = new Map<string, number>()

  /** `pay_1`, `pay_2` … */
  function nextId(prefix: string): string {
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    return `${prefix}_${count}`
  }

  function checkoutOf(orderId: Uuid): Checkout {
    const checkout = checkoutsByOrder.get(orderId)
    if (checkout === undefined)
      throw new Error(`The fake provider has no checkout for the order ${formatId('order', orderId)}.`)
    return checkout
  }

  function send(
    orderId: Uuid,
    message: Pick<FakeMessage, 'type' | 'failure_code'>,
    { amountMinor, currency }: Money,
  ): SignedMessage {
    const { request, customerId } = checkoutOf(orderId)
    const payment: FakeMessage['payment'] = {
      id: nextId('pay'),
      order: formatId('order', orderId),
      customer: customerId,
      product: request.productId,
      quantity: request.quantity,
      amount_minor: Number(amountMinor),
      currency,
    }
    lastByOrder.set(orderId, { messageId: nextId('msg'), rawBody: JSON.stringify({ ...message, payment }) })
    return signAgain(orderId)
  }

  function signAgain(orderId: Uuid): SignedMessage {
    const last = lastByOrder.get(orderId)
    if (last === undefined)
      throw new Error(`The fake provider has sent no message about ${formatId('order', orderId)} yet.`)
    const { messageId, rawBody } = last
    const signedAt = new Date()
    const headers = new Headers({
      'content-type': 'application/json',
      'webhook-id': messageId,
      'webhook-timestamp': String(Math.floor(signedAt.getTime() / 1000)),
      'webhook-signature': webhook.sign(messageId, signedAt, rawBody),
    })
    return { messageId, headers, rawBody }
  }

  return {
    name: 'fake',
    mode: 'test',

    productFingerprint: ({ name, price }) =>
      createHash('sha256')
        .update(`${name}\n${formatMoney(price)}`)
        .digest('hex')
        .slice(0, 32),

    ensureProduct: async ({ pack, price, adopted }, knownId) => {
      const productId = adopted ?? knownId ?? nextId('pdt')
      const sold = pricesByProduct.get(productId) ?? price
      if (!sameMoney(sold, price)) {
        const difference = { what: 'price', inCatalog: formatMoney(price), atDodo: formatMoney(sold) }
        throw productMismatch({ pack, product: productId, differences: [difference] })
      }
      pricesByProduct.set(productId, price)
      return productId
    },

    startCheckout: async (request) => {
      const { orderId, productId, quantity, customer } = request
      const price = pricesByProduct.get(productId)
      if (price === undefined) throw providerRefused(`there is no product ${productId}`, undefined)
      checkoutsByOrder.set(orderId, {
        request,
        customerId: customer.providerCustomerId ?? nextId('cus'),
        price: { amountMinor: price.amountMinor * BigInt(quantity), currency: price.currency },
      })
      const sessionId = nextId('ses')
      return { sessionId, checkoutUrl: `https://checkout.test/${sessionId}` }
    },

    listProducts: () => none(),
    archiveProduct: () => Promise.resolve(),
    describeProduct: () => Promise.resolve(undefined),
    listCreditGrants: () => none(),
    ensureEntitlement: ({ unit }) => Promise.resolve(`cde_${unit}`),
    postCredits: () => Promise.resolve(),
    previewCheckout: ({ productId }) =>
      Promise.reject(providerRefused(`no preview of ${productId}`, undefined)),
    findSessionPayment: () => Promise.resolve(undefined),
    chargeSavedMethod: () => Promise.reject(providerRefused('there is no saved method', undefined)),
    getPayment: () => Promise.resolve(undefined),
    getRefund: () => Promise.resolve(undefined),
    getDispute: () => Promise.resolve(undefined),
    listPayments: () => none(),
    listRefunds: () => none(),
    listDisputes: () => none(),
    listSubscriptions: () => none(),
    refund: ({ paymentId }) => Promise.reject(providerRefused(`there is no payment ${paymentId}`, undefined)),
    getInvoice: () => Promise.resolve(undefined),
    listPaymentMethods: () => Promise.resolve([]),
    deletePaymentMethod: () => Promise.resolve(),
    portalLink: (customerId) => Promise.resolve(`https://portal.test/${customerId}`),

    verifyWebhook(headers, rawBody) {
      const verified = verifySignature([webhook], headers, rawBody)
      if (!verified.ok) throw invalidSignature({ reason: verified.reason })
      return { messageId: verified.messageId, reading: readMessage(rawBody) }
    },

    readMessage,

    putProduct(productId, price) {
      pricesByProduct.set(productId, price)
    },
    pay: (orderId, charged) =>
      send(orderId, { type: 'payment.succeeded' }, charged ?? checkoutOf(orderId).price),
    decline: (orderId, failureCode) =>
      send(orderId, { type: 'payment.failed', failure_code: failureCode }, checkoutOf(orderId).price),
    signAgain,
  }
}

function sameMoney(one: Money, other: Money): boolean {
  return one.amountMinor === other.amountMinor && one.currency === other.currency
}

async function* none(): AsyncGenerator<never> {}
