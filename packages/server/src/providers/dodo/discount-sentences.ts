/** Why Dodo does not accept a discount code, as a sentence for the customer, by its error code. */
const sentences: Readonly<Record<string, string>> = {
  INVALID_DISCOUNT_CODE: 'There is no such code.',
  DISCOUNT_NOT_YET_ACTIVE: 'It cannot be used yet.',
  DISCOUNT_CODE_EXPIRED: 'It has expired.',
  DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED: 'It has been used up.',
  DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED: 'You have used it as often as one customer can.',
  DISCOUNT_CUSTOMER_NOT_ELIGIBLE: 'It is not for this customer.',
  DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT: 'It is not for this pack.',
  DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET: 'It is for larger purchases.',
}

export function discountSentence(dodoCode: string): string {
  return sentences[dodoCode] ?? 'It does not hold for this purchase.'
}
