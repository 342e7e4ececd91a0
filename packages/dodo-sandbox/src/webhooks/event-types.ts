/** Every event that Dodo documents, by the `payload_type` of its body. */
const eventsByPayloadType: Readonly<Record<string, readonly string[]>> = {
  Payment: ['payment.succeeded', 'payment.failed', 'payment.processing', 'payment.cancelled'],
  Refund: ['refund.succeeded', 'refund.failed'],
  Dispute: [
    'dispute.opened',
    'dispute.expired',
    'dispute.accepted',
    'dispute.cancelled',
    'dispute.challenged',
    'dispute.won',
    'dispute.lost',
  ],
  Subscription: [
    'subscription.active',
    'subscription.renewed',
    'subscription.on_hold',
    'subscription.past_due',
    'subscription.paused',
    'subscription.unpaused',
    'subscription.cancelled',
    'subscription.failed',
    'subscription.expired',
    'subscription.plan_changed',
    'subscription.updated',
    'subscription.update_payment_method',
  ],
  CreditLedgerEntry: [
    'credit.added',
    'credit.deducted',
    'credit.expired',
    'credit.rolled_over',
    'credit.rollover_forfeited',
    'credit.overage_charged',
    'credit.overage_reset',
    'credit.manual_adjustment',
  ],
  CreditBalanceLow: ['credit.balance_low'],
  LicenseKey: ['license_key.created'],
  EntitlementGrant: [
    'entitlement_grant.created',
    'entitlement_grant.delivered',
    'entitlement_grant.failed',
    'entitlement_grant.revoked',
  ],
  AbandonedCheckout: ['abandoned_checkout.detected', 'abandoned_checkout.recovered'],
  DunningAttempt: ['dunning.started', 'dunning.recovered'],
  Payout: ['payout.created', 'payout.on_hold', 'payout.in_progress', 'payout.failed', 'payout.success'],
}

const payloadTypesByEvent = new Map(
  Object.entries(eventsByPayloadType).flatMap(([payloadType, events]) =>
    events.map((event) => [event, payloadType] as const),
  ),
)

/** What an endpoint may ask for and never hears: nothing here makes it happen. */
export const unsentPayloadTypes: ReadonlySet<string> = new Set([
  'LicenseKey',
  'EntitlementGrant',
  'AbandonedCheckout',
  'Payout',
])

export const eventTypes: readonly string[] = [...payloadTypesByEvent.keys()]

export function payloadTypeOf(eventType: string): string {
  const payloadType = payloadTypesByEvent.get(eventType)
  if (payloadType === undefined) throw new Error(`${eventType} is no event type of Dodo's`)
  return payloadType
}
