import type { Mode } from '../kernel/ids.ts'
import { Fault, refusal } from '../kernel/refusal.ts'

export type SignatureProblem =
  | 'missing_headers'
  | 'malformed_headers'
  | 'too_old'
  | 'too_new'
  | 'no_matching_signature'

const sentences: Record<SignatureProblem, string> = {
  missing_headers: 'webhook-id, webhook-timestamp or webhook-signature is missing.',
  malformed_headers: 'The signature headers cannot be read.',
  too_old: 'The message was signed more than five minutes ago.',
  too_new: 'The message was signed more than five minutes in the future.',
  no_matching_signature: 'No signature fits the body that arrived.',
}

export const invalidSignature = refusal({
  code: 'invalid_signature',
  status: 401,
  title: 'The webhook is not signed by the provider',
  detail: (facts: { reason: SignatureProblem }) => `${sentences[facts.reason]} Nothing was stored.`,
  help: "Compare DODO_PAYMENTS_WEBHOOK_KEY with the endpoint's secret in Dodo's dashboard. The body must reach Tallystick byte for byte: a proxy or framework that parses and writes it again breaks the signature. For too old and too new look at the server's clock.",
})

export const providerNotConfigured = refusal({
  code: 'provider_not_configured',
  status: 503,
  title: 'No payment provider is configured',
  detail: () =>
    'Credits cannot be bought here yet. Set DODO_PAYMENTS_API_KEY, DODO_PAYMENTS_WEBHOOK_KEY, and DODO_PAYMENTS_ENVIRONMENT or DODO_PAYMENTS_BASE_URL, and start again.',
  help: '`tallystick dev` starts a local Dodo and sets all of them.',
})

/** What of an adopted product is not as the pack says. */
export interface ProductDifference {
  /** `price`, `type` … */
  readonly what: string
  readonly inCatalog: string
  readonly atDodo: string
}

export const productMismatch = refusal({
  code: 'product_mismatch',
  status: 422,
  title: "The pack and its product at Dodo don't agree",
  detail: (facts: { pack: string; product: string; differences: readonly ProductDifference[] }) => {
    const list = facts.differences.map(
      ({ what, inCatalog, atDodo }) => `${what}: ${inCatalog} in the catalog, ${atDodo} at Dodo`,
    )
    return `packs.${facts.pack} adopts ${facts.product}, but ${list.join('; ')}. Change one of them, or leave dodoProduct out and Tallystick makes a product of its own.`
  },
  help: 'A customer would be charged something else than the catalog says, so nothing is sold until both agree.',
})

export const discountNotValid = refusal({
  code: 'discount_not_valid',
  status: 422,
  title: 'The discount code is not valid',
  /** `reason` is a sentence for the customer. */
  detail: (facts: { discountCode: string; reason: string }) =>
    `The discount code ${facts.discountCode} is not valid here. ${facts.reason} Nothing was bought.`,
  help: 'Discounts are made in the dashboard of the payment provider. Look there for its products, its dates, and how often it may be used.',
})

export function providerUnavailable(cause: unknown): Fault {
  return new Fault('provider_unavailable', 'Dodo Payments does not answer. Try again in a moment.', {
    retryable: true,
    cause,
  })
}

export function providerKeyRefused(cause: unknown): Fault {
  return new Fault(
    'provider_key_refused',
    'Dodo Payments does not accept the API key. Is DODO_PAYMENTS_API_KEY one of this environment, with write access?',
    { retryable: false, cause },
  )
}

export function providerRefused(said: string, cause: unknown): Fault {
  return new Fault('provider_refused', `Dodo Payments refused the request: ${said}.`, {
    retryable: false,
    cause,
  })
}

export function modesDiffer({ engine, provider }: { engine: Mode; provider: Mode }): Fault {
  return providerSettingsWrong(
    `The engine is in ${engine} mode and the payment provider in ${provider} mode: test credits would be sold for money, or the other way round.`,
  )
}

/** The product is not for sale at the provider any more: archived, or gone. */
export function productGone(cause: unknown): Fault {
  return new Fault('product_gone', 'Dodo Payments does not sell the product any more.', {
    retryable: true,
    cause,
  })
}

export function providerSettingsWrong(message: string): Fault {
  return new Fault('provider_settings_wrong', message, { retryable: false })
}
