/** Where Dodo documents no behaviour, or two, what this one does. Each can be chosen when the sandbox is started. */
export interface Behaviour {
  /** Whether two of a product in a cart grant its credits twice. */
  multiplyCreditsByQuantity: boolean
  /**
   * What a ledger entry made through the API is told as: `by_direction` is `credit.added` or `credit.deducted`, the
   * other is `credit.manual_adjustment` for both.
   */
  ledgerEntryEvents: 'by_direction' | 'manual_adjustment'
}

export const defaultBehaviour: Behaviour = {
  multiplyCreditsByQuantity: true,
  ledgerEntryEvents: 'by_direction',
}
