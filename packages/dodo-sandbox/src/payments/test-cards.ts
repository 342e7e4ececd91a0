import type { ChargeOutcome } from './payment.ts'

export interface TestCard {
  number: string
  network: 'VISA' | 'MASTERCARD'
  issuing_country: string
  /** For the help beside the form. */
  label: string
  /** What a charge of it comes to. */
  outcome: ChargeOutcome
  /** What comes of a charge while its owner is away, where that differs. */
  offSession?: ChargeOutcome
}

const succeeds: ChargeOutcome = { status: 'succeeded' }

const declined = (error_code: string, error_message: string): ChargeOutcome => ({
  status: 'failed',
  error_code,
  error_message,
})

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
