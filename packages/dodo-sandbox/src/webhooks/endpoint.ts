import { z } from 'zod'
import { webUrl } from '../http/parse.ts'
import { endpointHeadersSchema } from './endpoint-headers.ts'
import { eventTypes } from './event-types.ts'

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

/** Every type that Dodo documents, so that filters for those not sent here are accepted too. */
export const eventType = z
  .string()
  .refine((type) => eventTypes.includes(type), 'is not an event type that Dodo knows')
const stringMap = z.record(z.string(), z.string())

export const createEndpointSchema = z.object({
  url: webUrl,
  description: z.string().max(1000).nullish(),
  disabled: z.boolean().nullish(),
  filter_types: z.array(eventType).nullish(),
  headers: endpointHeadersSchema.nullish(),
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
