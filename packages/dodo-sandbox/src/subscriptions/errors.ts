import { notFound, Refusal } from '../kernel/refusal.ts'

export const subscriptionNotFound = (subscriptionId: string) => notFound('subscription', subscriptionId)

export const inactive = (status: string) =>
  new Refusal(422, 'SUBSCRIPTION_INACTIVE', `The subscription is ${status}, and this needs an active one.`)

export const notPaused = (status: string) =>
  new Refusal(
    422,
    'SUBSCRIPTION_NOT_PAUSED',
    `The subscription is ${status}, and only a paused one is resumed.`,
  )

export const expired = () => new Refusal(422, 'SUBSCRIPTION_EXPIRED', 'The subscription has expired.')

export const notOnDemand = () =>
  new Refusal(422, 'SUBSCRIPTION_NOT_ON_DEMAND', 'Only an on-demand subscription is charged by request.')

export const previousPaymentPending = () =>
  new Refusal(
    409,
    'PREVIOUS_PAYMENT_PENDING',
    'A payment of this subscription is under way. Wait for its payment.succeeded or payment.failed.',
  )

export const chargeNotAllowed = () =>
  new Refusal(
    422,
    'CHARGE_NOT_ALLOWED_FOR_SCHEDULED_CANCELLATION',
    'The subscription is to be cancelled at its next billing date, and is not charged any more.',
  )

export const planChangeNotAllowed = () =>
  new Refusal(422, 'PLAN_CHANGE_NOT_ALLOWED', 'An on-demand subscription has no plan to be changed.')

export const scheduledChangeExists = () =>
  new Refusal(
    409,
    'SCHEDULED_PLAN_CHANGE_EXISTS',
    'A plan change is scheduled already. Cancel it, or send cancel_scheduled_change_plan: true.',
  )

export const noScheduledChange = () =>
  new Refusal(404, 'SCHEDULED_PLAN_CHANGE_NOT_FOUND', 'No plan change is scheduled.')

export const retryNotAllowed = () =>
  new Refusal(
    422,
    'PAYMENT_RETRY_NOT_ALLOWED',
    'Only the failed payment that put a subscription on hold can be tried again.',
  )

export const retryLimitExceeded = () =>
  new Refusal(
    422,
    'SUBSCRIPTION_PAYMENT_RETRY_LIMIT_EXCEEDED',
    'This invoice has been tried as often as it may be. Ask the customer for another card.',
  )

export const retryTooSoon = (at: string) =>
  new Refusal(422, 'PAYMENT_RETRY_NOT_AVAILABLE_YET', `The next try is possible from ${at}.`)
