import type { ChargeOutcome, FinalOutcome } from './payment.ts'

type CardOutcome = Exclude<ChargeOutcome, { status: 'requires_payment_method' }>

export interface TestCard {
  number: string
  network: 'VISA' | 'MASTERCARD'
  issuing_country: string
  /** For the help beside the form. */
  label: string
  /** What a charge of it comes to. */
  outcome: CardOutcome
  /** What comes of a charge while its owner is away, where that differs. */
  offSession?: CardOutcome
}

const succeeds: FinalOutcome = { status: 'succeeded' }

const declined = (error_code: string, error_message: string): FinalOutcome => ({
  status: 'failed',
  error_code,
  error_message,
})

const authenticationRequired = declined(
  'AUTHENTICATION_REQUIRED',
  'The bank wants to ask the card’s owner. Pay again on the checkout page.',
)

const genericDecline = declined('GENERIC_DECLINE', 'The card was declined. Try again, or use another card.')
const cardDeclined = declined('CARD_DECLINED', 'The card was declined. Use another card.')

/** Dodo's documented test cards. Any future expiry and any security code go with them. */
export const testCards: readonly TestCard[] = [
  {
    number: '4242424242424242',
    network: 'VISA',
    issuing_country: 'US',
    label: 'Succeeds',
    outcome: succeeds,
  },
  {
    number: '5555555555554444',
    network: 'MASTERCARD',
    issuing_country: 'US',
    label: 'Succeeds',
    outcome: succeeds,
  },
  {
    number: '4576238912771450',
    network: 'VISA',
    issuing_country: 'IN',
    label: 'Succeeds (India)',
    outcome: succeeds,
  },
  {
    number: '5409162669381034',
    network: 'MASTERCARD',
    issuing_country: 'IN',
    label: 'Succeeds (India)',
    outcome: succeeds,
  },
  {
    number: '4000000000000002',
    network: 'VISA',
    issuing_country: 'US',
    label: 'Declined',
    outcome: genericDecline,
  },
  {
    number: '4000000000009995',
    network: 'VISA',
    issuing_country: 'US',
    label: 'Insufficient funds',
    outcome: declined('INSUFFICIENT_FUNDS', 'The card has insufficient funds. Use another card.'),
  },
  {
    number: '4706131211212123',
    network: 'VISA',
    issuing_country: 'IN',
    label: 'Declined',
    outcome: cardDeclined,
  },
  {
    number: '5105105105105100',
    network: 'MASTERCARD',
    issuing_country: 'IN',
    label: 'Declined',
    outcome: cardDeclined,
  },
  {
    number: '4000000000000341',
    network: 'VISA',
    issuing_country: 'US',
    label: 'Succeeds, renewals fail',
    outcome: succeeds,
    offSession: genericDecline,
  },
  // These two numbers are the sandbox's own; of Dodo's none is documented.
  {
    number: '4000002760003184',
    network: 'VISA',
    issuing_country: 'US',
    label: '3-D Secure',
    outcome: { status: 'requires_customer_action' },
    offSession: authenticationRequired,
  },
  {
    number: '4000000000000077',
    network: 'VISA',
    issuing_country: 'US',
    label: 'Stays processing',
    outcome: { status: 'processing' },
  },
]

const cardsByNumber = new Map(testCards.map((card) => [card.number, card]))

/** The card of a number. One that is no test card is declined, for here no other card can be charged. */
export function cardOf(number: string): TestCard {
  return (
    cardsByNumber.get(number) ?? {
      number,
      network: number.startsWith('5') || number.startsWith('2') ? 'MASTERCARD' : 'VISA',
      issuing_country: 'US',
      label: 'Not a test card',
      outcome: declined(
        'CARD_DECLINED',
        'This is not a test card, and no other card works here. Pick one from the list of test cards.',
      ),
    }
  )
}

/** Whether the digits can be a card number at all: 12 to 19 of them, with the right check digit. */
export function isCardNumber(digits: string): boolean {
  if (!/^\d{12,19}$/.test(digits)) return false
  let sum = 0
  for (const [index, digit] of digits.split('').reverse().entries()) {
    const doubled = index % 2 === 1 ? Number(digit) * 2 : Number(digit)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** What a charge comes to while the card's owner looks on; the bank may be told to ask the owner in any case. */
export function outcomeOnSession(card: TestCard, { force3ds }: { force3ds: boolean }): CardOutcome {
  return force3ds && card.outcome.status === 'succeeded'
    ? { status: 'requires_customer_action' }
    : card.outcome
}

/** What a charge comes to while the card's owner is away: it is under way for a moment, and nobody can be asked. */
export function outcomeOffSession(
  card: TestCard,
  { at, force3ds }: { at: Date; force3ds: boolean },
): ChargeOutcome {
  const outcome = card.offSession ?? outcomeOnSession(card, { force3ds })
  if (outcome.status === 'processing') return outcome
  return {
    status: 'processing',
    comesTo: {
      at,
      outcome: outcome.status === 'requires_customer_action' ? authenticationRequired : outcome,
    },
  }
}
