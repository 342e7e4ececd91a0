import type { TestCard } from '../payments/test-cards.ts'

/** A saved card as the API answers with it. */
export interface PaymentMethod {
  payment_method_id: string
  payment_method: 'card'
  payment_method_type: string
  /** Whether it may be charged while its owner is away. */
  recurring_enabled: boolean
  last_used_at: string | null
  card: {
    card_holder_name: string
    card_issuing_country: string
    card_network: string
    card_type: 'CREDIT'
    /** `06`. */
    expiry_month: string
    /** `32`. */
    expiry_year: string
    last4_digits: string
  }
}

/** What a payment is charged to. */
export interface Instrument {
  card: TestCard
  holder: string
  /** Set when it is a saved one. */
  payment_method_id: string | null
}
