import { Refusal } from '../kernel/refusal.ts'

// The codes and what brings them are Dodo's (api-reference/error-codes); the status is not documented but for "422".
const refused = (code: string, message: string) => () => new Refusal(422, code, message)

export const codeAlreadyExists = refused('DISCOUNT_CODE_ALREADY_EXISTS', 'code: is that of another discount')
export const unsupportedType = refused(
  'UNSUPPORTED_DISCOUNT_TYPE',
  'type: only percentage and flat discount codes are supported',
)
export const invalidPercentage = refused(
  'INVALID_PERCENTAGE',
  'amount: a percentage is at most 10000 basis points, which is 100 %',
)
export const limitBelowUse = refused(
  'DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED',
  'usage_limit: is less than how often the code was used',
)

export const invalidCurrencyOption = (message: string) =>
  new Refusal(422, 'DISCOUNT_CURRENCY_OPTION_INVALID', `currency_options: ${message}`)

const notRedeemed = (code: string, message: string) => (discountCode: string) =>
  new Refusal(422, code, `${discountCode}: ${message}`)

export const invalidCode = notRedeemed('INVALID_DISCOUNT_CODE', 'there is no such discount code')
export const notYetActive = notRedeemed('DISCOUNT_NOT_YET_ACTIVE', 'this code cannot be used yet')
export const codeExpired = notRedeemed('DISCOUNT_CODE_EXPIRED', 'this code has expired')
export const usedUp = notRedeemed(
  'DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED',
  'this code has been used as often as it can be',
)
export const usedUpByCustomer = notRedeemed(
  'DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED',
  'this customer has used this code as often as one customer can',
)
export const notForCustomer = notRedeemed(
  'DISCOUNT_CUSTOMER_NOT_ELIGIBLE',
  'this code is not for this customer',
)
export const notForProducts = notRedeemed(
  'DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT',
  'this code is for none of the products in the cart',
)
export const belowMinimumSubtotal = notRedeemed(
  'DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET',
  'the cart is below the minimum that this code needs',
)
