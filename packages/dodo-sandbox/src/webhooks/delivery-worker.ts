import { Webhook } from 'standardwebhooks'
import { applyPayloadFaults } from '../faults/webhook-faults.ts'
import type { SandboxLog } from '../kernel/options.ts'
import { notFound } from '../kernel/refusal.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Store, Transaction } from '../store/store.ts'
import type { Delivery, DeliveryAttempt } from './delivery.ts'
import { withoutSensitiveValues } from './endpoint-headers.ts'
import * as queries from './queries.ts'
import { signingSecrets } from './rotate-secret.ts'

/** Builds a message's `data` from the resource as it is now. */
export type PayloadBuilder = (tx: Transaction, resourceId: string) => Record<string, unknown>

export interface DeliveryWorkerInput {
  store: Store
  now: () => Date
  /** The machine's time, for receivers compare the time of a signature with theirs. */
  signingNow: () => Date
  fetch: typeof globalThis.fetch
  log: SandboxLog
  retryScheduleMs: readonly number[]
  timeoutMs: number
  /** By `payload_type`. */
  payloadBuilders: ReadonlyMap<string, PayloadBuilder>
}

// Enough that one endpoint that hangs for its 15 seconds does not hold up the others.
const concurrentMax = 16
// An endpoint's rate limit counts attempts a second, as at Svix, which sends Dodo's webhooks.
const rateWindowMs = 1_000
// What an endpoint answers is shown to people; a page of HTML in full helps nobody.
const responseBodyMax = 4_000
// setTimeout takes no longer wait; waking early only finds nothing due.
const timerMaxMs = 2_147_483_647
// How long a stopping sandbox lets an attempt under way finish before it cuts it off; it is made again after a restart.
const closeGraceMs = 1_000

interface Request {
  url: string
  headers: Record<string, string>
  body: string
}

/**
 * Sends what the state says is owed. The state alone decides: the worker keeps nothing that a crash could lose, and
 * an attempt that a crash cut off is made again with the same `webhook-id`.
 */
export class DeliveryWorker {
  readonly #input: DeliveryWorkerInput
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #resends = new Set<Promise<void>>()
  /** When attempts began in the last second, by endpoint; of those with a rate limit alone. */
  readonly #startedAt = new Map<string, number[]>()
  readonly #stop = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(input: DeliveryWorkerInput) {
    this.#input = input
  }

  /** Looks at what is due, sends it, and sets the alarm for what is due next. Call it after every commit that owes. */
  wake(): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    const { starting, nextAt } = this.#input.store.transaction((tx) => {
      // Those under way are still due in the state, so that a crash repeats them; they must not crowd out the others.
      const due = queries
        .listDueDeliveries(tx, concurrentMax + this.#underWay.size)
        .filter(({ deliveryId }) => !this.#underWay.has(deliveryId))
        .slice(0, concurrentMax - this.#underWay.size)
      return {
        starting: due.filter((delivery) => this.#takeTurn(tx, delivery)),
        nextAt: queries.nextDueAt(tx),
      }
    })
    for (const { deliveryId } of starting) this.#start(deliveryId)
    if (nextAt === undefined) return
    const waitMs = new Date(nextAt).getTime() - this.#input.now().getTime()
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(waitMs, 0), timerMaxMs))
  }

  /** When the next attempt that is not due yet falls due. */
  nextDueAt(): string | undefined {
    return this.#input.store.transaction(queries.nextDueAt)
  }

  /** Sends everything that is due by the clock, and answers when all those attempts have ended. */
  async settle(): Promise<void> {
    this.wake()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
  }

  /**
   * Sends a delivery once more, now, with the `webhook-id` it always had. A success counts; a failure leaves the
   * schedule as it was.
   */
  async resend(deliveryId: string): Promise<Delivery> {
    const exists = this.#input.store.transaction((tx) => queries.findDeliveryToSend(tx, deliveryId))
    if (!exists) throw notFound('delivery', deliveryId)
    const attempt = this.#attempt(deliveryId, 'resend')
    this.#resends.add(attempt)
    try {
      await attempt
    } finally {
      this.#resends.delete(attempt)
    }
    const delivery = this.#input.store.transaction((tx) =>
      queries.listDeliveries(tx, { delivery_id: deliveryId, limit: 1 }),
    )[0]
    if (!delivery) throw notFound('delivery', deliveryId)
    return delivery
  }

  /** Stops. Attempts under way get a moment to end; what did not is still owed, and goes on after a restart. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    const grace = setTimeout(() => this.#stop.abort(), closeGraceMs)
    await Promise.allSettled([...this.#underWay.values(), ...this.#resends])
    clearTimeout(grace)
  }

  /** Whether the endpoint's rate limit lets it be sent now; if not, it is put off until it does. */
  #takeTurn(tx: Transaction, { deliveryId, endpointId, rateLimit }: queries.DueDelivery): boolean {
    if (rateLimit === null) return true
    const now = tx.now.getTime()
    const recent = (this.#startedAt.get(endpointId) ?? []).filter((at) => at > now - rateWindowMs)
    const first = recent[0]
    const free = first === undefined || recent.length < rateLimit
    this.#startedAt.set(endpointId, free ? [...recent, now] : recent)
    if (!free) queries.postponeDelivery(tx, deliveryId, new Date(first + rateWindowMs).toISOString())
    return free
  }

  #start(deliveryId: string): void {
    const attempt = this.#attempt(deliveryId, 'schedule')
      .catch((error: unknown) => {
        // A fault of this program or of its disk. The delivery is still due; it is not retried in a tight loop.
        this.#input.log.error(
          { deliveryId, error: String(error) },
          'webhook attempt could not be made or recorded',
        )
        return 'fault' as const
      })
      .then((outcome) => {
        this.#underWay.delete(deliveryId)
        if (outcome !== 'fault') this.wake()
      })
    this.#underWay.set(deliveryId, attempt)
  }

  async #attempt(deliveryId: string, trigger: DeliveryAttempt['trigger']): Promise<void> {
    const { store, now, signingNow, log, retryScheduleMs } = this.#input
    const startedAt = now()
    const prepared = store.transaction((tx) => {
      const delivery = queries.findDeliveryToSend(tx, deliveryId)
      return delivery && { delivery, request: this.#buildRequest(tx, delivery, signingNow()) }
    })
    if (!prepared) return
    const { delivery, request } = prepared
    const response = await this.#send(request)
    if (response === 'stopped') return

    const succeeded = response.status !== null && response.status >= 200 && response.status < 300
    store.transaction((tx) => {
      queries.insertAttempt(tx, deliveryId, {
        trigger,
        attempted_at: startedAt.toISOString(),
        duration_ms: Math.max(0, tx.now.getTime() - startedAt.getTime()),
        url: request.url,
        request_headers: withoutSensitiveValues(request.headers),
        body: request.body,
        response_status: response.status,
        response_body: response.body,
        error: response.error,
      })
      if (succeeded) {
        queries.markDelivered(tx, deliveryId)
      } else if (trigger === 'schedule') {
        const waitMs = delivery.is_test ? undefined : retryScheduleMs[delivery.scheduled_attempts + 1]
        const nextAt = waitMs === undefined ? null : new Date(tx.now.getTime() + waitMs).toISOString()
        queries.countFailedAttempt(tx, deliveryId, nextAt)
      }
      queries.releaseWaiting(tx, deliveryId)
    })
    log.info(
      {
        webhookId: delivery.message.message_id,
        type: delivery.message.event_type,
        url: request.url,
        status: response.status,
        error: response.error,
      },
      succeeded ? 'webhook delivered' : 'webhook not delivered',
    )
  }

  #buildRequest(tx: Transaction, delivery: queries.DeliveryToSend, at: Date): Request {
    const { message, stored } = delivery
    const builder = this.#input.payloadBuilders.get(message.payload_type)
    if (!builder) throw new Error(`no payload builder for ${message.payload_type}`)
    // Compact, and nothing in it that JSON.parse and JSON.stringify would change: some receivers verify that round trip.
    const body = JSON.stringify({
      business_id: loadBusiness(tx).business_id,
      type: message.event_type,
      timestamp: message.occurred_at,
      data: applyPayloadFaults(
        { payload_type: message.payload_type, ...builder(tx, message.resource_id) },
        message.payload_faults,
      ),
    })
    return {
      url: stored.endpoint.url,
      body,
      headers: {
        // In small letters, so that a custom header cannot stand beside one of ours under another spelling.
        ...Object.fromEntries(
          Object.entries(stored.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        'content-type': 'application/json',
        'user-agent': 'DodoSandbox/1 (webhooks)',
        'webhook-id': message.message_id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signingSecrets(tx, stored)
          .map((secret) => new Webhook(secret).sign(message.message_id, at, body))
          .join(' '),
      },
    }
  }

  async #send(
    request: Request,
  ): Promise<{ status: number | null; body: string | null; error: string | null } | 'stopped'> {
    const timeout = AbortSignal.timeout(this.#input.timeoutMs)
    try {
      const response = await this.#input.fetch(request.url, {
        method: 'POST',
        headers: request.headers,
        body: request.body,
        // Only a 2xx is an acknowledgement; following a redirect would sign for an address nobody configured.
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.#stop.signal]),
      })
      return { status: response.status, body: await readStart(response), error: null }
    } catch (error) {
      if (this.#stop.signal.aborted) return 'stopped'
      if (timeout.aborted)
        return { status: null, body: null, error: `no answer within ${this.#input.timeoutMs / 1000} s` }
      return { status: null, body: null, error: describeFailure(error) }
    }
  }
}

/** The first characters of a body; the rest is not fetched. */
async function readStart(response: Response): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= responseBodyMax) break
  }
  return text.slice(0, responseBodyMax)
}

/** fetch says only "fetch failed"; the reason people need is in its cause. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause
  if (cause instanceof Error)
    return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message
  return error.message
}
