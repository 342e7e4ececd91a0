import type { PayloadFault } from '../faults/webhook-faults.ts'
import { parseDocument, type Row, type Transaction } from '../store/store.ts'
import type { Delivery, DeliveryAttempt, DeliveryState } from './delivery.ts'
import type { WebhookEndpoint } from './endpoint.ts'

export interface InsertEndpoint {
  endpoint: WebhookEndpoint
  secret: string
  headers: Record<string, string>
  idempotencyKey: string | null
  startUpPosition: number | null
}

export function insertEndpoint(tx: Transaction, input: InsertEndpoint): void {
  tx.run(
    `insert into webhook_endpoints (endpoint_id, document, secret, headers, idempotency_key, start_up_position)
     values (?, ?, ?, ?, ?, ?)`,
    input.endpoint.id,
    JSON.stringify(input.endpoint),
    input.secret,
    JSON.stringify(input.headers),
    input.idempotencyKey,
    input.startUpPosition,
  )
}

export function updateEndpointDocument(tx: Transaction, endpoint: WebhookEndpoint): void {
  tx.run(
    'update webhook_endpoints set document = ? where endpoint_id = ?',
    JSON.stringify(endpoint),
    endpoint.id,
  )
}

/** Sets the secret; the one before, where it is still to sign beside it, is given with its end. */
export function updateEndpointSecret(
  tx: Transaction,
  endpointId: string,
  secret: string,
  previous?: PreviousSecret,
): void {
  tx.run(
    'update webhook_endpoints set secret = ?, previous_secret = ?, previous_secret_until = ? where endpoint_id = ?',
    secret,
    previous?.secret ?? null,
    previous?.until ?? null,
    endpointId,
  )
}

export function updateEndpointHeaders(
  tx: Transaction,
  endpointId: string,
  headers: Record<string, string>,
): void {
  tx.run(
    'update webhook_endpoints set headers = ? where endpoint_id = ?',
    JSON.stringify(headers),
    endpointId,
  )
}

/** Marks an endpoint deleted; its deliveries stay readable, and those still pending are cancelled. */
export function deleteEndpoint(tx: Transaction, endpointId: string): void {
  tx.run(
    'update webhook_endpoints set deleted = 1, idempotency_key = null, start_up_position = null where endpoint_id = ?',
    endpointId,
  )
  tx.run(
    "update deliveries set state = 'cancelled', next_attempt_at = null where endpoint_id = ? and state = 'pending'",
    endpointId,
  )
}

/** A rotated secret, and the instant at which it ceases to sign. */
export interface PreviousSecret {
  secret: string
  until: string
}

export interface StoredEndpoint {
  endpoint: WebhookEndpoint
  secret: string
  previous: PreviousSecret | undefined
  headers: Record<string, string>
}

const endpointColumns = 'document, secret, previous_secret, previous_secret_until, headers'

function storedEndpoint(row: Row): StoredEndpoint {
  const previousSecret = textOrNull(row['previous_secret'])
  return {
    endpoint: parseDocument(row) as WebhookEndpoint,
    secret: String(row['secret']),
    previous:
      previousSecret === null
        ? undefined
        : { secret: previousSecret, until: String(row['previous_secret_until']) },
    headers: parseDocument(row, 'headers') as Record<string, string>,
  }
}

export function findEndpoint(tx: Transaction, endpointId: string): StoredEndpoint | undefined {
  const row = tx.get(
    `select ${endpointColumns} from webhook_endpoints where endpoint_id = ? and deleted = 0`,
    endpointId,
  )
  return row && storedEndpoint(row)
}

export function findEndpointByIdempotencyKey(tx: Transaction, key: string): StoredEndpoint | undefined {
  const row = tx.get(
    `select ${endpointColumns} from webhook_endpoints where idempotency_key = ? and deleted = 0`,
    key,
  )
  return row && storedEndpoint(row)
}

export function findStartUpEndpoints(tx: Transaction): { position: number; stored: StoredEndpoint }[] {
  return tx
    .all(
      `select start_up_position, ${endpointColumns} from webhook_endpoints
       where start_up_position is not null and deleted = 0 order by start_up_position`,
    )
    .map((row) => ({ position: Number(row['start_up_position']), stored: storedEndpoint(row) }))
}

/** Endpoints in the order they were made, those after the cursor. */
export function listEndpoints(tx: Transaction, after: string | undefined, limit: number): WebhookEndpoint[] {
  return tx
    .all(
      `select document from webhook_endpoints
       where deleted = 0 and position > coalesce((select position from webhook_endpoints where endpoint_id = ?), 0)
       order by position limit ?`,
      after ?? null,
      limit,
    )
    .map((row) => parseDocument(row) as WebhookEndpoint)
}

/** The secret of the oldest endpoint, which is the first given at start-up if any was. */
export function findFirstSecret(tx: Transaction): string | undefined {
  const row = tx.get('select secret from webhook_endpoints where deleted = 0 order by position limit 1')
  return row && String(row['secret'])
}

export interface Message {
  message_id: string
  event_type: string
  payload_type: string
  resource_id: string
  occurred_at: string
  /** What is changed in the body of every attempt. */
  payload_faults: readonly PayloadFault[]
}

export function insertMessage(tx: Transaction, message: Message): void {
  tx.run(
    `insert into webhook_messages (message_id, event_type, payload_type, resource_id, occurred_at, payload_faults)
     values (?, ?, ?, ?, ?, ?)`,
    message.message_id,
    message.event_type,
    message.payload_type,
    message.resource_id,
    message.occurred_at,
    JSON.stringify(message.payload_faults),
  )
}

export interface InsertDelivery {
  messageId: string
  endpointId: string
  /** `null` for one that is dropped, and never sent. */
  nextAttemptAt: string | null
  /** How often it is sent again after it was delivered. */
  duplicates: number
  /** Lets the endpoint's next delivery go first. */
  waitsForNext: boolean
  /** Sent once, whatever comes of it. */
  isTest?: boolean
}

/** Answers the delivery's id. Also tells those deliveries of the endpoint that wait for the next one that this is it. */
export function insertDelivery(tx: Transaction, input: InsertDelivery): string {
  const deliveryId = tx.newId('dlv')
  if (input.nextAttemptAt !== null)
    tx.run(
      "update deliveries set waits_for = ? where waits_for = 'next' and endpoint_id = ? and state = 'pending'",
      deliveryId,
      input.endpointId,
    )
  tx.run(
    `insert into deliveries (delivery_id, message_id, endpoint_id, state, next_attempt_at, duplicates_left, waits_for, is_test)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    deliveryId,
    input.messageId,
    input.endpointId,
    input.nextAttemptAt === null ? 'dropped' : 'pending',
    input.nextAttemptAt,
    input.duplicates,
    input.waitsForNext ? 'next' : null,
    Number(input.isTest ?? false),
  )
  return deliveryId
}

/** The resource that a webhook of this kind was about last. */
export function findLatestResource(tx: Transaction, payloadType: string): string | undefined {
  const row = tx.get(
    'select resource_id from webhook_messages where payload_type = ? order by position desc limit 1',
    payloadType,
  )
  return row && String(row['resource_id'])
}

/** Makes due what let this delivery go first. */
export function releaseWaiting(tx: Transaction, deliveryId: string): void {
  tx.run(
    `update deliveries set waits_for = null, next_attempt_at = iif(state = 'pending', ?, null) where waits_for = ?`,
    tx.now.toISOString(),
    deliveryId,
  )
}

// A disabled endpoint's deliveries wait, and go on when it is enabled again.
const deliverable = `
  from deliveries join webhook_endpoints using (endpoint_id)
  where state = 'pending' and deleted = 0 and not (document ->> '$.disabled')`

export interface DueDelivery {
  deliveryId: string
  endpointId: string
  /** Attempts a second that the endpoint takes; `null` for any. */
  rateLimit: number | null
}

/** What is due, longest due first. */
export function listDueDeliveries(tx: Transaction, limit: number): DueDelivery[] {
  return tx
    .all(
      `select delivery_id, endpoint_id, document ->> '$.rate_limit' as rate_limit ${deliverable} and next_attempt_at <= ? order by next_attempt_at, deliveries.position limit ?`,
      tx.now.toISOString(),
      limit,
    )
    .map((row) => ({
      deliveryId: String(row['delivery_id']),
      endpointId: String(row['endpoint_id']),
      rateLimit: row['rate_limit'] === null ? null : Number(row['rate_limit']),
    }))
}

/** Puts off a delivery that its endpoint has no room for, without counting an attempt. */
export function postponeDelivery(tx: Transaction, deliveryId: string, until: string): void {
  tx.run(
    "update deliveries set next_attempt_at = ? where delivery_id = ? and state = 'pending'",
    until,
    deliveryId,
  )
}

export function nextDueAt(tx: Transaction): string | undefined {
  const row = tx.get(
    `select min(next_attempt_at) as next ${deliverable} and next_attempt_at > ?`,
    tx.now.toISOString(),
  )
  return textOrNull(row?.['next']) ?? undefined
}

export interface DeliveryToSend {
  delivery_id: string
  state: DeliveryState
  scheduled_attempts: number
  attempts_made: number
  is_test: boolean
  message: Message
  stored: StoredEndpoint
}

export function findDeliveryToSend(tx: Transaction, deliveryId: string): DeliveryToSend | undefined {
  const row = tx.get(
    `select d.delivery_id, d.state, d.scheduled_attempts, d.is_test, m.message_id, m.event_type, m.payload_type, m.resource_id,
       m.occurred_at, m.payload_faults, e.document, e.secret, e.previous_secret, e.previous_secret_until, e.headers,
       (select count(*) from delivery_attempts a where a.delivery_id = d.delivery_id) as attempts_made
     from deliveries d join webhook_messages m using (message_id) join webhook_endpoints e using (endpoint_id)
     where d.delivery_id = ?`,
    deliveryId,
  )
  if (!row) return undefined
  return {
    delivery_id: String(row['delivery_id']),
    state: String(row['state']) as DeliveryState,
    scheduled_attempts: Number(row['scheduled_attempts']),
    attempts_made: Number(row['attempts_made']),
    is_test: row['is_test'] === 1,
    message: {
      message_id: String(row['message_id']),
      event_type: String(row['event_type']),
      payload_type: String(row['payload_type']),
      resource_id: String(row['resource_id']),
      occurred_at: String(row['occurred_at']),
      payload_faults: parseDocument(row, 'payload_faults') as PayloadFault[],
    },
    stored: storedEndpoint(row),
  }
}

/** Numbers the attempt itself: two resends at once must not meet on one number. */
export function insertAttempt(
  tx: Transaction,
  deliveryId: string,
  attempt: Omit<DeliveryAttempt, 'attempt_number'>,
): void {
  tx.run(
    `insert into delivery_attempts (delivery_id, attempt_number, trigger, attempted_at, duration_ms, url,
       request_headers, body, response_status, response_body, error)
     select ?1, coalesce(max(attempt_number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
     from delivery_attempts where delivery_id = ?1`,
    deliveryId,
    attempt.trigger,
    attempt.attempted_at,
    attempt.duration_ms,
    attempt.url,
    JSON.stringify(attempt.request_headers),
    attempt.body,
    attempt.response_status,
    attempt.response_body,
    attempt.error,
  )
}

/** The endpoint has it. One that is to arrive twice is due at once again. */
export function markDelivered(tx: Transaction, deliveryId: string): void {
  tx.run(
    `update deliveries set duplicates_left = max(duplicates_left - 1, 0),
       state = iif(duplicates_left > 0, 'pending', 'delivered'), next_attempt_at = iif(duplicates_left > 0, ?, null)
     where delivery_id = ? and state <> 'cancelled'`,
    tx.now.toISOString(),
    deliveryId,
  )
}

/** Counts a failed scheduled attempt; without a next one the delivery has failed. Only a pending delivery changes. */
export function countFailedAttempt(tx: Transaction, deliveryId: string, nextAttemptAt: string | null): void {
  tx.run(
    `update deliveries set scheduled_attempts = scheduled_attempts + 1, next_attempt_at = ?2,
       state = iif(?2 is null, 'failed', 'pending')
     where delivery_id = ?1 and state = 'pending'`,
    deliveryId,
    nextAttemptAt,
  )
}

export interface ListDeliveries {
  delivery_id?: string | undefined
  webhook_id?: string | undefined
  resource_id?: string | undefined
  /** Of the payment itself, its refunds and its disputes. */
  payment_id?: string | undefined
  event_type?: string | undefined
  state?: DeliveryState | undefined
  limit: number
  /** So many of the newest are left out. */
  offset?: number | undefined
}

/** Deliveries, newest first, each with all its attempts. */
export function listDeliveries(tx: Transaction, input: ListDeliveries): Delivery[] {
  return tx
    .all(
      `select d.delivery_id, d.message_id, d.endpoint_id, d.state, d.next_attempt_at, d.is_test, m.event_type, m.resource_id,
         m.occurred_at, e.document ->> '$.url' as endpoint_url
       from deliveries d join webhook_messages m using (message_id) join webhook_endpoints e using (endpoint_id)
       where (?1 is null or d.delivery_id = ?1) and (?2 is null or d.message_id = ?2)
         and (?3 is null or m.resource_id = ?3) and (?4 is null or m.event_type = ?4) and (?5 is null or d.state = ?5)
         and (?6 is null or m.resource_id = ?6
           or m.resource_id in (select refund_id from refunds where payment_id = ?6)
           or m.resource_id in (select dispute_id from disputes where payment_id = ?6))
       order by d.position desc limit ?7 offset ?8`,
      input.delivery_id ?? null,
      input.webhook_id ?? null,
      input.resource_id ?? null,
      input.event_type ?? null,
      input.state ?? null,
      input.payment_id ?? null,
      input.limit,
      input.offset ?? 0,
    )
    .map((row) => ({
      delivery_id: String(row['delivery_id']),
      webhook_id: String(row['message_id']),
      event_type: String(row['event_type']),
      resource_id: String(row['resource_id']),
      occurred_at: String(row['occurred_at']),
      endpoint_id: String(row['endpoint_id']),
      endpoint_url: String(row['endpoint_url']),
      is_test: row['is_test'] === 1,
      state: String(row['state']) as DeliveryState,
      next_attempt_at: textOrNull(row['next_attempt_at']),
      attempts: listAttempts(tx, String(row['delivery_id'])),
    }))
}

function listAttempts(tx: Transaction, deliveryId: string): DeliveryAttempt[] {
  return tx
    .all('select * from delivery_attempts where delivery_id = ? order by attempt_number', deliveryId)
    .map((row) => ({
      attempt_number: Number(row['attempt_number']),
      trigger: String(row['trigger']) as DeliveryAttempt['trigger'],
      attempted_at: String(row['attempted_at']),
      duration_ms: Number(row['duration_ms']),
      url: String(row['url']),
      request_headers: parseDocument(row, 'request_headers') as Record<string, string>,
      body: String(row['body']),
      response_status: row['response_status'] === null ? null : Number(row['response_status']),
      response_body: textOrNull(row['response_body']),
      error: textOrNull(row['error']),
    }))
}

function textOrNull(value: Row[string] | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
