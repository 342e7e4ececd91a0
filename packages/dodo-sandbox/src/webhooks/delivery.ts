/** One try to hand a message to an endpoint: what was sent, and what came back. */
export interface DeliveryAttempt {
  attempt_number: number
  trigger: 'schedule' | 'resend'
  attempted_at: string
  duration_ms: number
  url: string
  request_headers: Record<string, string>
  body: string
  response_status: number | null
  response_body: string | null
  error: string | null
}

/** `dropped` is what an injected fault did: never sent, unless by hand. */
export const deliveryStates = ['pending', 'delivered', 'failed', 'cancelled', 'dropped'] as const

export type DeliveryState = (typeof deliveryStates)[number]

/** One message on its way to one endpoint. `webhook_id` is the same in every attempt, resends included. */
export interface Delivery {
  delivery_id: string
  webhook_id: string
  event_type: string
  resource_id: string
  occurred_at: string
  endpoint_id: string
  endpoint_url: string
  /** Sent by hand to try the endpoint, and not retried. */
  is_test: boolean
  state: DeliveryState
  next_attempt_at: string | null
  attempts: DeliveryAttempt[]
}
