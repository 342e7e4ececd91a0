import { cardOf } from '../payments/test-cards.ts'
import type { Transaction } from '../store/store.ts'
import type { Instrument, PaymentMethod } from './payment-method.ts'
import * as queries from './queries.ts'

export interface SaveCard {
  customerId: string
  number: string
  holder: string
  /** As it was typed and found good: `06 / 32`. */
  expiry: string
}

/**
 * Puts a customer's card down for later charges. It is saved when the payment that names it succeeds. The same card given
 * again is the one that is there, with its new date.
 */
export function saveCard(tx: Transaction, input: SaveCard): PaymentMethod {
  const known = queries
    .listPaymentMethods(tx, input.customerId)
    .find(({ card_number }) => card_number === input.number)
  const card = cardOf(input.number)
  const digits = input.expiry.replaceAll(/\D/g, '')
  const method: PaymentMethod = {
    payment_method_id: known?.method.payment_method_id ?? tx.newId('pm'),
    payment_method: 'card',
    payment_method_type: card.network.toLowerCase(),
    recurring_enabled: true,
    last_used_at: tx.now.toISOString(),
    card: {
      card_holder_name: input.holder,
      card_issuing_country: card.issuing_country,
      card_network: card.network,
      card_type: 'CREDIT',
      expiry_month: digits.slice(0, 2),
      expiry_year: digits.slice(-2),
      last4_digits: input.number.slice(-4),
    },
  }
  if (known) queries.updatePaymentMethodDocument(tx, method)
  else queries.insertPaymentMethod(tx, { customer_id: input.customerId, card_number: input.number, method })
  return method
}

/** The saved card as something to charge. */
export function instrumentOf({ card_number, method }: queries.StoredPaymentMethod): Instrument {
  return {
    card: cardOf(card_number),
    holder: method.card.card_holder_name,
    payment_method_id: method.payment_method_id,
  }
}
