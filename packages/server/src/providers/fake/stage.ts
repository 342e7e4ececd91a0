import type { Webhook } from 'standardwebhooks'
import { formatId, type Uuid } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import { invariant } from '../../kernel/refusal.ts'
import type { CreditPosting, ProviderEvent } from '../provider.ts'
import type { PaymentMethod, RefundState } from '../told.ts'
import { addCustomer, checkoutOf, purchaseOf } from './checkouts.ts'
import {
  type DecidedDispute,
  decideDispute,
  type OpenedDispute,
  openDispute,
  undecidedDispute,
} from './disputes.ts'
import type { Line } from './line.ts'
import { type SentMessage, type SignedMessage, sign, writeBody } from './message.ts'
import { saveMethod } from './methods.ts'
import { type Attempt, addPayment, barePayment, endPayment, readPayment } from './payment.ts'
import { putProduct } from './products.ts'
import { askRefund, refundUnderWay, settleRefund } from './refund.ts'
import type { FakeCountry, FakeDiscount, FakeDispute, FakeRefund, World } from './world.ts'

/** What happens at the provider and is not asked for through the port. */
export interface Stage extends Pick<Line, 'setTrouble' | 'loseAnswer' | 'limitRate'> {
  /** Sells under this id at this price from now on, as if changed in the provider's dashboard. An adopted one sells what the pack says until told. */
  putProduct(productId: string, price: Money, options?: { readonly isTaxInclusive: boolean }): void
  putDiscount(discount: FakeDiscount): void
  /** Of checkouts that are started from now on. Until told, no country takes a tax or has a currency of its own. */
  putCountry(code: string, country: FakeCountry): void

  /** The order's customer pays: the price of its checkout, unless something else is charged. */
  pay(orderId: Uuid, charged: Money | undefined): SignedMessage
  /** The order's customer tries to pay, and the bank declines. */
  decline(orderId: Uuid, failureCode: string): SignedMessage
  /** Somebody pays by a link of the dashboard, which knows no order. */
  payByLink(bought: LinkPurchase): SignedMessage
  /** A charge of a saved method comes to its end: by a failure, where its code is given. */
  endCharge(paymentId: string, failureCode: string | undefined): SignedMessage
  /** The messages about the credits that the provider's own credit system granted for the order. */
  creditMessages(orderId: Uuid): SignedMessage[]
  /** The last message about the order once more: the same id and body, signed anew. */
  signAgain(orderId: Uuid): SignedMessage

  /** A refund from the dashboard, pending. @throws Fault provider_refused by the rules of `refund` */
  refundInDashboard(asked: DashboardRefund): FakeRefund
  refundUnderWay(paymentId: string): FakeRefund | undefined
  settleRefund(refundId: string, state: Exclude<RefundState, 'pending'>): SignedMessage
  openDispute(paymentId: string, opened: OpenedDispute): SignedMessage
  undecidedDispute(paymentId: string): FakeDispute | undefined
  decideDispute(disputeId: string, decided: DecidedDispute): SignedMessage

  /** A customer made in the dashboard. */
  addCustomer(): string
  /** A card that can be charged again, unless said otherwise. */
  saveMethod(providerCustomerId: string, method: Partial<PaymentMethod>): PaymentMethod
  /** What was posted to the provider's credit ledger, oldest first. */
  postings(): readonly CreditPosting[]
}

export interface DashboardRefund {
  readonly paymentId: string
  /** Tax included; all that is left unless given. */
  readonly amount: Money | undefined
  readonly reason: string | undefined
}

export interface LinkPurchase {
  readonly productId: string
  readonly quantity: number
  /** The app's customer, where the link carries one. */
  readonly customer: string | undefined
  /** A new customer unless given. */
  readonly providerCustomerId: string | undefined
}

export function stageOf(world: World, line: Line, webhook: Webhook): Stage {
  const lastByOrder = new Map<Uuid, SentMessage>()

  function send(eventType: string, event: ProviderEvent, orderId: Uuid | undefined): SignedMessage {
    const sent = { messageId: world.nextId('msg'), rawBody: writeBody(eventType, event) }
    if (orderId !== undefined) lastByOrder.set(orderId, sent)
    return sign(webhook, sent)
  }

  function tellPayment(paymentId: string): SignedMessage {
    const payment = readPayment(world, paymentId)
    invariant(payment, 'what is told is there')
    return send(`payment.${payment.state}`, { type: 'payment', payment }, payment.orderId)
  }

  function attempt(orderId: Uuid, made: Attempt): SignedMessage {
    const { sessionId, purchase } = checkoutOf(world, orderId)
    const { paymentId } = addPayment(world, purchase, made)
    world.paymentsBySession.set(sessionId, paymentId)
    return tellPayment(paymentId)
  }

  function orderOf(paymentId: string | undefined): Uuid | undefined {
    return paymentId === undefined ? undefined : world.paymentsById.get(paymentId)?.orderId
  }

  function tellDispute(eventType: string, dispute: FakeDispute): SignedMessage {
    return send(`dispute.${eventType}`, { type: 'dispute', dispute }, orderOf(dispute.paymentId))
  }

  return {
    setTrouble: (trouble) => line.setTrouble(trouble),
    loseAnswer: (making) => line.loseAnswer(making),
    limitRate: (calls) => line.limitRate(calls),
    putProduct: (productId, price, { isTaxInclusive } = { isTaxInclusive: false }) =>
      putProduct(world, productId, price, isTaxInclusive),
    putDiscount: (discount) => void world.discountsByCode.set(discount.code, discount),
    putCountry: (code, country) => void world.countries.set(code, country),

    pay: (orderId, charged) => attempt(orderId, { state: 'succeeded', charged }),
    decline: (orderId, failureCode) => attempt(orderId, { state: 'failed', failureCode }),
    payByLink({ productId, quantity, customer, providerCustomerId = addCustomer(world) }) {
      const bought = {
        productId,
        quantity,
        amountMinor: undefined,
        discountCode: undefined,
        billingCountry: undefined,
      }
      const purchase = {
        ...purchaseOf(world, bought),
        orderId: undefined,
        customerId: providerCustomerId,
      }
      return tellPayment(addPayment(world, purchase, { state: 'succeeded', customer }).paymentId)
    },
    endCharge: (paymentId, failureCode) => tellPayment(endPayment(world, paymentId, failureCode).paymentId),
    creditMessages: (orderId) =>
      world.grants
        .filter(({ referenceId }) => orderOf(referenceId) === orderId)
        .map((grant) => send('credit.added', { type: 'credits', grant }, orderId)),
    signAgain(orderId) {
      const last = lastByOrder.get(orderId)
      if (last === undefined)
        throw new Error(`The fake provider has sent no message about ${formatId('order', orderId)} yet.`)
      return sign(webhook, last)
    },

    refundInDashboard({ paymentId, amount, reason }) {
      const paidIn = barePayment(world, paymentId).charged.total.currency
      if (amount !== undefined && amount.currency !== paidIn)
        throw new Error(`The payment ${paymentId} was made in ${paidIn}, and so is its refund.`)
      const amountMinor = amount?.amountMinor
      return askRefund(world, { paymentId, amountMinor, reason, refundRequestId: undefined })
    },
    refundUnderWay: (paymentId) => refundUnderWay(world, paymentId),
    settleRefund(refundId, state) {
      const refund = settleRefund(world, refundId, state)
      return send(`refund.${state}`, { type: 'refund', refund }, orderOf(refund.paymentId))
    },
    openDispute: (paymentId, opened) => tellDispute('opened', openDispute(world, paymentId, opened)),
    undecidedDispute: (paymentId) => undecidedDispute(world, paymentId),
    decideDispute: (disputeId, decided) =>
      tellDispute(
        decided.state === 'open' ? 'opened' : decided.state,
        decideDispute(world, disputeId, decided),
      ),

    addCustomer: () => addCustomer(world),
    saveMethod: (customerId, method) => saveMethod(world, customerId, method),
    postings: () => [...world.postingsByKey.values()],
  }
}
