import { emailSchema } from '../customers/customer.ts'
import { isCountryCode } from '../kernel/countries.ts'
import { isCardNumber } from '../payments/test-cards.ts'
import type { Transaction } from '../store/store.ts'
import { prefillOf } from './prefill.ts'
import type { CheckoutSession } from './session.ts'

/** The form as it was sent. */
export interface PaymentForm {
  email: string
  name: string
  country: string
  card_number: string
  expiry: string
  cvc: string
  /** Picked where the page offers more than one. */
  currency?: string | undefined
  discount_code?: string | undefined
  /** A saved card instead of the one typed. */
  payment_method_id?: string | undefined
  /** Whether the card typed is to be saved: `on`, as a ticked box is sent. */
  save_card?: string | undefined
  /** The total that the customer saw, as `totalSeen` writes it; left out, any total is agreed to. */
  total_seen?: string | undefined
}

export type FieldErrors = Partial<Record<keyof PaymentForm, string>>

/** What the form meant: what is settled is not taken from the browser. */
export function readForm(tx: Transaction, session: CheckoutSession, form: PaymentForm): PaymentForm {
  const prefill = prefillOf(tx, session)
  const code = form.discount_code?.trim()
  return {
    ...form,
    email: prefill.emailLocked ? prefill.email : form.email.trim(),
    name: prefill.nameLocked ? prefill.name : form.name.trim(),
    country: prefill.countryLocked ? prefill.country : form.country,
    card_number: form.card_number.replaceAll(/[\s-]/g, ''),
    currency: takesCurrency(session) ? form.currency || undefined : undefined,
    discount_code: takesDiscountCode(session) ? code || undefined : undefined,
    payment_method_id: form.payment_method_id || undefined,
  }
}

export function takesDiscountCode({ flags, confirmed }: CheckoutSession): boolean {
  return flags.allow_discount_code !== false && !confirmed
}

export function takesCurrency({ flags, confirmed }: CheckoutSession): boolean {
  return flags.allow_currency_selection !== false && !confirmed
}

export function checkContact(form: PaymentForm): FieldErrors {
  const fields: FieldErrors = {}
  if (!emailSchema.safeParse(form.email).success)
    fields.email = 'Enter an e-mail address, like ada@example.com.'
  if (form.name === '' || form.name.length > 255) fields.name = 'Enter your name.'
  if (!isCountryCode(form.country)) fields.country = 'Choose your country.'
  return fields
}

export function checkCard(form: PaymentForm, now: Date): FieldErrors {
  const fields: FieldErrors = {}
  if (!isCardNumber(form.card_number)) fields.card_number = 'Check the card number.'
  const expiryError = checkExpiry(form.expiry, now)
  if (expiryError !== undefined) fields.expiry = expiryError
  if (!/^\d{3,4}$/.test(form.cvc.trim())) fields.cvc = 'Enter the 3 or 4 digits.'
  return fields
}

/** A card is good to the end of its month, wherever that end comes last. */
function checkExpiry(expiry: string, now: Date): string | undefined {
  const match = /^\s*(0[1-9]|1[0-2])\s*\/?\s*(?:20)?(\d{2})\s*$/.exec(expiry)
  if (!match) return 'Enter it as MM / YY.'
  const lastInstant = Date.UTC(2000 + Number(match[2]), Number(match[1]), 1, 12)
  return lastInstant <= now.getTime() ? 'This card has expired.' : undefined
}
