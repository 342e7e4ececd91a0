import type { Webhook } from 'standardwebhooks'
import { providerSettingsWrong } from '../errors.ts'

export type WebhookClass = typeof Webhook

/** One verifier a secret. Two secrets are valid while one is being replaced. */
export function verifiersOf(secrets: readonly string[], WebhookOf: WebhookClass): Webhook[] {
  return secrets.map((secret) => {
    try {
      return new WebhookOf(secret)
    } catch {
      // The library's own message may quote the secret.
      throw providerSettingsWrong(
        'DODO_PAYMENTS_WEBHOOK_KEY is not a webhook secret: it starts with whsec_, followed by padded base64.',
      )
    }
  })
}
