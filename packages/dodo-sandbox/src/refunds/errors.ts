import { Refusal } from '../kernel/refusal.ts'

// Codes and what brings them are Dodo's (api-reference/error-codes). Which of 400 and 422 each has is not documented.
const refused = (code: string, message: string) => new Refusal(400, code, message)

export const paymentNotSucceeded = (status: string) =>
  refused('PAYMENT_NOT_SUCCEEDED', `The payment is ${status}; only one that succeeded can be refunded.`)
export const zeroAmount = () =>
  refused(
    'ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED',
    'The payment was of zero, and there is nothing to give back.',
  )
export const alreadyRefunded = () =>
  refused('PAYMENT_ALREADY_REFUNDED', 'The payment has been refunded in full.')
export const refundUnderWay = (status: string) =>
  refused(
    'EXISTING_REFUND_REQUEST_PROCESSING',
    `A refund of this payment is ${status}. Wait for its end before you ask for another.`,
  )
export const windowExpired = (days: number) =>
  refused('REFUND_WINDOW_EXPIRED', `Refunds can be asked for within ${days} days of the payment.`)
export const nothingToRefund = () => refused('NOTHING_TO_REFUND', 'Nothing of the payment is left to refund.')
export const exceedsPaid = (left: number) =>
  refused(
    'REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT',
    `The refund is of more than the ${left} that are left of the payment, in its smallest unit.`,
  )
export const duplicateItems = (itemId: string) =>
  refused('DUPLICATE_LINE_ITEMS_IN_REQUEST', `items: ${itemId} stands there twice`)
export const itemNotFound = (itemId: string) =>
  refused('LINE_ITEM_NOT_FOUND', `items: the payment has no line item ${itemId}`)
export const itemRefunded = (itemId: string) =>
  refused('LINE_ITEM_FULLY_REFUNDED', `items: ${itemId} has been refunded in full`)
export const itemTooLow = (itemId: string, amount: number) =>
  refused('LINE_ITEM_REFUND_AMOUNT_TOO_LOW', `items: ${amount} of ${itemId} is less than 1`)
export const itemTooHigh = (itemId: string, amount: number, left: number) =>
  refused(
    'LINE_ITEM_REFUND_AMOUNT_TOO_HIGH',
    `items: ${amount} of ${itemId}, tax included, is more than the ${left} that are left of it`,
  )
