/** Where Dodo documents no behaviour, or two, what this one does. Each can be chosen when the sandbox is started. */
export interface Behaviour {
  /** Whether two of a product in a cart grant its credits twice. */
  multiplyCreditsByQuantity: boolean
  /**
   * What a ledger entry made through the API is told as: `by_direction` is `credit.added` or `credit.deducted`, the
   * other is `credit.manual_adjustment` for both.
   */
  ledgerEntryEvents: 'by_direction' | 'manual_adjustment'
  /** How long a charge of a saved card is under way before it succeeds or fails. */
  offSessionChargeMs: number
  /** How long a refund is pending. */
  refundMs: number
  /** Whether a subscription's first payment is told as `subscription.renewed` too, as some have seen. */
  renewedAtStart: boolean
  /** For how many days, up to 30, a failed renewal is charged again on Dodo's schedule; 0 is never. */
  renewalRetryDays: number
  /** For how many days a subscription whose renewal failed is `past_due` before it is `on_hold`; 0 is at once. */
  gracePeriodDays: number
}

export const defaultBehaviour: Behaviour = {
  multiplyCreditsByQuantity: true,
  ledgerEntryEvents: 'by_direction',
  offSessionChargeMs: 2_000,
  refundMs: 2_000,
  renewedAtStart: false,
  renewalRetryDays: 0,
  gracePeriodDays: 0,
}
