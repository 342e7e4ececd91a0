import { z } from 'zod'
import type { MessageReading } from '../provider.ts'
import { grantFrom, subscriptionFrom } from './read-credits.ts'
import { disputeFrom, refundFrom } from './read-money-back.ts'
import { readPayment } from './read-payment.ts'
import { describeIssues, text } from './schemas.ts'

const envelopeSchema = z.looseObject({ type: text, data: z.unknown() })

const paymentEvents = new Set([
  'payment.succeeded',
  'payment.failed',
  'payment.processing',
  'payment.cancelled',
])

/** What a verified body says. Never throws: what cannot be read is said to be unreadable, and kept for a person. */
export function readMessage(rawBody: string): MessageReading {
  const envelope = envelopeSchema.safeParse(parseJson(rawBody))
  if (!envelope.success)
    return {
      kind: 'unreadable',
      eventType: 'unknown',
      note: 'The body is not a Dodo event: JSON with a type and data.',
    }
  const { type: eventType, data } = envelope.data
  if (paymentEvents.has(eventType)) return readPaymentEvent(eventType, data)
  if (/^refund\.(succeeded|failed)$/.test(eventType)) return readRefundEvent(eventType, data)
  if (eventType.startsWith('dispute.')) {
    const dispute = disputeFrom(data)
    return dispute === undefined
      ? unreadable(eventType, 'dispute')
      : { kind: 'event', eventType, event: { type: 'dispute', dispute } }
  }
  if (eventType === 'credit.added') {
    const grant = grantFrom(data)
    return grant === undefined
      ? unreadable(eventType, 'credit')
      : { kind: 'event', eventType, event: { type: 'credits', grant } }
  }
  if (eventType.startsWith('subscription.')) {
    const subscription = subscriptionFrom(data)
    return subscription === undefined
      ? unreadable(eventType, 'subscription')
      : { kind: 'event', eventType, event: { type: 'subscription', subscription } }
  }
  return { kind: 'ignored', eventType, note: `Nothing follows from ${eventType}.` }
}

function unreadable(eventType: string, what: string): MessageReading {
  return { kind: 'unreadable', eventType, note: `The ${what} cannot be read.` }
}

/**
 * A body shows the payment as it is when the message is delivered: a delayed `payment.processing` may carry a payment that has
 * succeeded since. So the status decides, whatever the event was.
 */
function readPaymentEvent(eventType: string, data: unknown): MessageReading {
  const read = readPayment(data)
  if (!read.success)
    return {
      kind: 'unreadable',
      eventType,
      note: `The payment cannot be read: ${describeIssues(read.error)}`,
    }
  const payment = read.data
  const isAtItsEnd = eventType === 'payment.succeeded' || eventType === 'payment.failed'
  if (isAtItsEnd && payment.state === 'processing')
    return {
      kind: 'unreadable',
      eventType,
      note: `${eventType} carries the payment ${payment.paymentId}, which is neither. Nothing was credited; look at the payment in Dodo's dashboard.`,
    }
  return { kind: 'event', eventType, event: { type: 'payment', payment } }
}

/** Dodo may say that a part went back and not how much: nothing is taken back for that, and somebody must look. */
function readRefundEvent(eventType: string, data: unknown): MessageReading {
  const refund = refundFrom(data)
  if (refund === undefined) return unreadable(eventType, 'refund')
  if (eventType === 'refund.succeeded' && refund.state === 'pending' && refund.amount === undefined)
    return {
      kind: 'unreadable',
      eventType,
      note: `${eventType} does not say how much of the payment ${refund.paymentId} the refund ${refund.refundId} gave back, or that it did. No credits were taken back; the reconciler asks Dodo for it.`,
    }
  return { kind: 'event', eventType, event: { type: 'refund', refund } }
}

function parseJson(rawBody: string): unknown {
  try {
    return JSON.parse(rawBody)
  } catch {
    return undefined
  }
}
