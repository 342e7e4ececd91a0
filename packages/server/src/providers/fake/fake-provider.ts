import { randomBytes } from 'node:crypto'
import { invalidSignature } from '../errors.ts'
import type { PaymentProvider } from '../provider.ts'
import { verifySignature } from '../verify-signature.ts'
import { chargeSavedMethod, previewCheckout, startCheckout } from './checkouts.ts'
import { ensureEntitlement, grantsOf, postCredits } from './credits.ts'
import { createLine } from './line.ts'
import { readMessage } from './message.ts'
import { deleteMethod, paymentMethodsOf, portalLink } from './methods.ts'
import { invoiceOf, listPayments, listRefunds, readPayment, within } from './payment.ts'
import { archiveProduct, describeProduct, ensureProduct, fingerprintOf, listProducts } from './products.ts'
import { askRefund } from './refund.ts'
import { type Stage, stageOf } from './stage.ts'
import { createWorld } from './world.ts'

export type { SignedMessage } from './message.ts'

/** A payment provider in memory, and what its customers, their banks and its dashboard do. */
export interface FakeProvider extends PaymentProvider, Stage {
  readonly name: 'fake'
}

export interface FakeProviderOptions {
  /** Of what is made there. The real time unless given; signatures are always of the real time. */
  readonly now?: (() => Date) | undefined
}

/** Starts empty. Each has a secret of its own, so none believes another's messages. */
export async function createFakeProvider({
  now = () => new Date(),
}: FakeProviderOptions = {}): Promise<FakeProvider> {
  const { Webhook } = await import('standardwebhooks')
  const webhook = new Webhook(`whsec_${randomBytes(24).toString('base64')}`)
  const world = createWorld(now)
  const line = createLine()

  return {
    name: 'fake',
    mode: 'test',

    productFingerprint: fingerprintOf,
    ensureProduct: line.make('ensureProduct', (product, knownId) => ensureProduct(world, product, knownId)),
    listProducts: line.list(() => listProducts(world)),
    archiveProduct: line.ask((productId) => archiveProduct(world, productId)),
    describeProduct: line.ask((productId) => describeProduct(world, productId)),

    listCreditGrants: line.list((entitlementId, customerId) => grantsOf(world, entitlementId, customerId)),
    ensureEntitlement: line.ask(({ unit }) => ensureEntitlement(world, unit)),
    postCredits: line.make('postCredits', (posting) => postCredits(world, posting)),

    startCheckout: line.make('startCheckout', (request) => startCheckout(world, request)),
    previewCheckout: line.ask((request) => previewCheckout(world, request)),
    findSessionPayment: line.ask((sessionId) => world.paymentsBySession.get(sessionId)),
    chargeSavedMethod: line.make('chargeSavedMethod', (charge) => chargeSavedMethod(world, charge)),

    getPayment: line.ask((paymentId) => readPayment(world, paymentId)),
    getRefund: line.ask((refundId) => world.refundsById.get(refundId)),
    getDispute: line.ask((disputeId) => world.disputesById.get(disputeId)),
    listPayments: line.list((walk, customerId) => listPayments(world, walk, customerId)),
    listRefunds: line.list((walk) => listRefunds(world, walk)),
    listDisputes: line.list((walk) => within(walk, [...world.disputesById.values()])),
    // It sells none.
    listSubscriptions: line.list(() => []),
    refund: line.make('refund', (request) => askRefund(world, request)),
    getInvoice: line.ask((paymentId) => invoiceOf(world, paymentId)),

    listPaymentMethods: line.ask((customerId) => paymentMethodsOf(world, customerId)),
    deletePaymentMethod: line.ask((customerId, methodId) => deleteMethod(world, customerId, methodId)),
    portalLink: line.ask((customerId) => portalLink(world, customerId)),

    verifyWebhook(headers, rawBody) {
      const verified = verifySignature([webhook], headers, rawBody)
      if (!verified.ok) throw invalidSignature({ reason: verified.reason })
      return { messageId: verified.messageId, reading: readMessage(rawBody) }
    },
    readMessage,

    ...stageOf(world, line, webhook),
  }
}
