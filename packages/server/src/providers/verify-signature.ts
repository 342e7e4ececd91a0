import type { Webhook } from 'standardwebhooks'
import type { SignatureProblem } from './errors.ts'

export type Verified =
  | { readonly ok: true; readonly messageId: string }
  | { readonly ok: false; readonly reason: SignatureProblem }

/** Whether one of the secrets signed these very bytes within the last five minutes, by Standard Webhooks. */
export function verifySignature(verifiers: readonly Webhook[], headers: Headers, rawBody: string): Verified {
  const signed: Record<string, string> = {}
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const value = headers.get(name)
    if (value === null || value === '') return { ok: false, reason: 'missing_headers' }
    signed[name] = value
  }
  let reason: SignatureProblem = 'no_matching_signature'
  for (const verifier of verifiers) {
    try {
      verifier.verify(rawBody, signed, { jsonParse: false })
      return { ok: true, messageId: signed['webhook-id'] ?? '' }
    } catch (error) {
      reason = problemOf(error)
    }
  }
  return { ok: false, reason }
}

/** The library tells its reasons apart by their text alone. */
function problemOf(error: unknown): SignatureProblem {
  const message = error instanceof Error ? error.message : ''
  if (message === 'Message timestamp too old') return 'too_old'
  if (message === 'Message timestamp too new') return 'too_new'
  if (message === 'No matching signature found') return 'no_matching_signature'
  return 'malformed_headers'
}
