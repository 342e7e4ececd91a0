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
}

export const defaultBehaviour: Behaviour = {
  multiplyCreditsByQuantity: true,
  ledgerEntryEvents: 'by_direction',
  offSessionChargeMs: 2_000,
  refundMs: 2_000,
}
