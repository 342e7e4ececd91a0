import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import { invalidParameters, Refusal } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { type ApiFaultKind, apiFaultKinds, type FaultRule, faultRuleSchema } from './fault.ts'
import * as queries from './queries.ts'
import { addFaultRules, drawFault } from './rules.ts'

/** A header with the kinds to inject into this very request; those of webhooks and payments hit the next of these. */
const faultHeader = 'x-sandbox-fault'

// As long as the official SDK waits by default, and longer than other clients do.
const heldMs = 60_000

type ApiFaultRule = Extract<FaultRule, { kind: ApiFaultKind }>

const tooManyRequests = () =>
  new Refusal(429, 'TOO_MANY_REQUESTS', 'Too many requests. This one was refused by an injected fault.')

const injectedError = (status: number) =>
  new Refusal(status, 'INTERNAL_SERVER_ERROR', 'An injected fault. Nothing was done.')

/**
 * Injects what a rule or the request's header asks for. `lost_answer` lets the route do and commit its work, and then
 * cuts the connection, as a network does.
 */
export function injectApiFaults(store: Store): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (context, next) => {
    const route = `${context.req.method} ${context.req.path}`
    const fault = store.transaction((tx) => {
      const asked = rulesInHeader(context.req.header(faultHeader))
      const own = asked.find(isApiFault)
      addFaultRules(tx, { rules: asked.filter((rule) => !isApiFault(rule)) })
      const drawn = own
        ? { rule: own, rule_id: null }
        : drawFault(tx, (rule): rule is ApiFaultRule => isApiFault(rule) && matchesRoute(rule.route, route))
      if (!drawn) return undefined
      const position = queries.insertInjected(tx, {
        kind: drawn.rule.kind,
        injected_at: tx.now.toISOString(),
        rule_id: drawn.rule_id,
        route,
        response_status: statusOf(drawn.rule),
        event_type: null,
        message_id: null,
        resource_id: null,
      })
      return { rule: drawn.rule, position }
    })
    if (!fault) return next()
    const { rule, position } = fault
    if (rule.kind === 'rate_limited') throw tooManyRequests()
    if (rule.kind === 'server_error') throw injectedError(rule.status ?? 500)
    if (rule.kind === 'time_out') return cutConnection(context, rule.delay_ms ?? heldMs)
    await next()
    const outcome = { response_status: context.res.status, resource_id: await resourceIdOf(context.res) }
    store.transaction((tx) => queries.completeInjected(tx, position, outcome))
    context.res = await cutConnection(context, rule.delay_ms ?? 0)
  }
}

/** @throws a 422 when the header names no fault */
function rulesInHeader(header: string | undefined): FaultRule[] {
  if (header === undefined) return []
  return header.split(',').map((kind) => {
    const parsed = faultRuleSchema.safeParse({ kind: kind.trim() })
    if (!parsed.success)
      throw invalidParameters(`${faultHeader}: "${kind.trim()}" ${parsed.error.issues[0]?.message ?? ''}`)
    return parsed.data
  })
}

function isApiFault(rule: FaultRule): rule is ApiFaultRule {
  return apiFaultKinds.some((kind) => kind === rule.kind)
}

/** Whether a request is meant by a rule's `route`: `*` or `:name` stands for one segment, no method for all. */
export function matchesRoute(pattern: string | undefined, route: string): boolean {
  if (pattern === undefined) return true
  const [method = '', path = ''] = route.split(' ')
  const [wantedMethod, wantedPath] = pattern.includes(' ') ? pattern.split(' ') : [method, pattern]
  const wanted = (wantedPath ?? '').split('/')
  const segments = path.split('/')
  return (
    wantedMethod === method &&
    wanted.length === segments.length &&
    wanted.every((part, index) => part === '*' || part.startsWith(':') || part === segments[index])
  )
}

function statusOf(rule: ApiFaultRule): number | null {
  if (rule.kind === 'rate_limited') return 429
  return rule.kind === 'server_error' ? (rule.status ?? 500) : null
}

/** Ends the connection without a byte of an answer, at once or when the wait or the client's patience is over. */
async function cutConnection(
  context: Context<{ Bindings: HttpBindings }>,
  waitMs: number,
): Promise<Response> {
  const { socket } = context.env.incoming
  const gone = new AbortController()
  socket.once('close', () => gone.abort())
  // Unreferenced, so that a held request keeps no process alive; an abort means that the client has gone.
  await wait(waitMs, undefined, { signal: gone.signal, ref: false }).catch(() => undefined)
  socket.destroy()
  return RESPONSE_ALREADY_SENT
}

// A thing carries the ids of what it belongs to as well: the more particular name comes first.
const idNames = [
  'id',
  'refund_id',
  'dispute_id',
  'session_id',
  'payment_id',
  'subscription_id',
  'discount_id',
  'product_id',
  'customer_id',
]

async function resourceIdOf(response: Response): Promise<string | null> {
  if (!response.headers.get('content-type')?.includes('json')) return null
  const body: unknown = await response.clone().json()
  if (typeof body !== 'object' || body === null) return null
  for (const name of idNames) if (name in body) return String((body as Record<string, unknown>)[name])
  return null
}
