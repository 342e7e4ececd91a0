import type { PaymentFailure } from '../told.ts'

const generic = 'The payment was declined. Try again, or use another card.'
const anotherCard = 'The bank declined this card. Use another card, or ask your bank.'
const noMoney = 'There is not enough money on this card. Use another card.'
const trouble = 'The payment could not be completed because of a technical problem. Try again in a moment.'
const confirm = 'The bank asks you to confirm the payment. Try again and follow its steps.'
const details = 'The card details were not accepted. Check the number, the date and the security code.'

/** What to tell a customer, by Dodo's error code. Its own messages speak to the merchant. */
const sentences = new Map(
  Object.entries({
    INSUFFICIENT_FUNDS: noMoney,
    GENERIC_DECLINE: generic,
    CARD_DECLINED: anotherCard,
    DO_NOT_HONOR: anotherCard,
    FRAUDULENT: anotherCard,
    LOST_CARD: anotherCard,
    STOLEN_CARD: anotherCard,
    PICKUP_CARD: anotherCard,
    INVALID_ACCOUNT: anotherCard,
    REVOCATION_OF_AUTHORIZATION: anotherCard,
    TRANSACTION_NOT_ALLOWED: anotherCard,
    TRANSACTION_NOT_APPROVED: anotherCard,
    EXPIRED_CARD: 'This card has expired. Use another card.',
    CARD_VELOCITY_EXCEEDED:
      'This card was used too often in a short time. Wait a while, or use another card.',
    PAYMENT_METHOD_UNSUPPORTED: 'This way of paying is not accepted here. Choose another one.',
    AUTHENTICATION_REQUIRED: confirm,
    AUTHENTICATION_FAILURE: confirm,
    MANDATE_INVALID: confirm,
    MANDATE_REQUIRED: confirm,
    INCORRECT_CVC: details,
    INCORRECT_NUMBER: details,
    INVALID_CVC: details,
    INVALID_NUMBER: details,
    INVALID_EXPIRY: details,
    PROCESSING_ERROR: trouble,
    NETWORK_ERROR: trouble,
    NETWORK_TIMEOUT: trouble,
    TRY_AGAIN_LATER: trouble,
  }),
)

/** A failure from Dodo's code, which may be missing or one that came after this was written. */
export function failureOf(errorCode: string | undefined): PaymentFailure {
  const code = errorCode ?? 'UNKNOWN_ERROR'
  return { code, message: sentences.get(code) ?? generic }
}
