import { z } from 'zod'
import { webUrl } from '../http/parse.ts'

/** Every event type that Dodo documents, so that filters for later ones are accepted today. */
const eventTypes = [
  ...['succeeded', 'failed', 'processing', 'cancelled'].map((event) => `payment.${event}`),
  ...['succeeded', 'failed'].map((event) => `refund.${event}`),
  ...['opened', 'expired', 'accepted', 'cancelled', 'challenged', 'won', 'lost'].map(
    (event) => `dispute.${event}`,
  ),
  ...[
    'active',
    'renewed',
    'on_hold',
    'past_due',
    'paused',
    'unpaused',
    'cancelled',
    'failed',
    'expired',
    'plan_changed',
    'updated',
    'update_payment_method',
  ].map((event) => `subscription.${event}`),
  'license_key.created',
  ...['created', 'on_hold', 'in_progress', 'failed', 'success'].map((event) => `payout.${event}`),
  ...[
    'added',
    'deducted',
    'expired',
    'rolled_over',
    'rollover_forfeited',
    'overage_charged',
    'overage_reset',
    'manual_adjustment',
    'balance_low',
  ].map((event) => `credit.${event}`),
  ...['detected', 'recovered'].map((event) => `abandoned_checkout.${event}`),
  ...['started', 'recovered'].map((event) => `dunning.${event}`),
  ...['created', 'delivered', 'failed', 'revoked'].map((event) => `entitlement_grant.${event}`),
]

/** An endpoint as the API answers with it. Its secret and custom headers are kept apart and never shown here. */
export interface WebhookEndpoint {
  id: string
  url: string
  description: string
  metadata: Record<string, string>
  disabled: boolean
  filter_types: string[] | null
  rate_limit: number | null
  created_at: string
  updated_at: string
}

const eventType = z
  .string()
  .refine((type) => eventTypes.includes(type), 'is not an event type that Dodo knows')
const stringMap = z.record(z.string(), z.string())

export const createEndpointSchema = z.object({
  url: webUrl,
  description: z.string().max(1000).nullish(),
  disabled: z.boolean().nullish(),
  filter_types: z.array(eventType).nullish(),
  headers: stringMap.nullish(),
  idempotency_key: z.string().min(1).max(255).nullish(),
  metadata: stringMap.nullish(),
  rate_limit: z.number().int().min(1).nullish(),
})

export const updateEndpointSchema = z.object({
  url: webUrl.nullish(),
  description: z.string().max(1000).nullish(),
  disabled: z.boolean().nullish(),
  filter_types: z.array(eventType).nullish(),
  metadata: stringMap.nullish(),
  rate_limit: z.number().int().min(1).nullish(),
})

/** Whether the endpoint is to hear of an event now. */
export function listensTo(endpoint: WebhookEndpoint, type: string): boolean {
  if (endpoint.disabled) return false
  return (
    endpoint.filter_types === null ||
    endpoint.filter_types.length === 0 ||
    endpoint.filter_types.includes(type)
  )
}
