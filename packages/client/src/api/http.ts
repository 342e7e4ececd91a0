import { errorFromAnswer, TallystickError, TallystickUnavailableError } from './errors.ts'
import { delayBeforeRetry, isRetryable, retryAfterMs } from './retry.ts'
import { type Surroundings, unlessAborted, wait } from './surroundings.ts'
import type { Answer, Body, Method, PathOf } from './wire.ts'

/** Anything that answers a request: `globalThis.fetch`, or a server's own `fetch` in the same process. */
export type Fetch = (request: Request) => Response | Promise<Response>

export interface TransportSettings {
  url: string
  apiKey: string
  fetch: Fetch
  /** How long one attempt may take. */
  timeoutMs: number
  /** For how long after the first attempt another one may begin. */
  retryForMs: number
  surroundings: Surroundings
}

interface Call<M extends Method, P extends PathOf<M>> {
  /** What stands in the path's braces. */
  params?: Record<string, string>
  query?: Record<string, string | number | boolean | undefined>
  body?: Body<M, P>
  /** The media type of what is answered, where that is no JSON: then it is answered as bytes. */
  file?: 'application/pdf'
  idempotencyKey?: string
  signal?: AbortSignal | undefined
  timeoutMs?: number | undefined
}

/**
 * Sends a request until it is answered for good: it tries again after lost connections, time-outs and passing refusals,
 * with the same idempotency key, and stops when `retryForMs` is over.
 *
 * @throws TallystickError for every refusal that a retry cannot change
 * @throws TallystickUnavailableError when time ran out
 * @throws the signal's reason when it aborts
 */
export type Send = <M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  call?: Call<M, P>,
) => Promise<Answer<M, P>>

interface Received {
  status: number
  headers: Headers
  body: Uint8Array<ArrayBuffer>
}

/** A failed attempt: what to throw should it be the last, and whether it need be. */
interface Failure {
  error: TallystickError
  passing: boolean
  retryAfterMs: number | null
}

export function createSend(settings: TransportSettings): Send {
  const { surroundings, url } = settings

  return async function send<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    call: Call<M, P> = {},
  ) {
    const signal = call.signal ?? new AbortController().signal
    const request = `${method.toUpperCase()} ${path}`
    const make = requestMaker(settings, method, path, call)
    const began = surroundings.now()
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await attempt(settings, make, call.timeoutMs ?? settings.timeoutMs, signal)
      if ('status' in outcome && outcome.status >= 200 && outcome.status < 300) {
        // The server's schema is the type's source; what it sent is not checked a second time here.
        return parseAnswer(outcome, call.file, { request, url }) as Answer<M, P>
      }
      const failure =
        'status' in outcome ? failureOf(outcome, { request, url, now: surroundings.now() }) : outcome
      if (!failure.passing) throw failure.error
      const delayMs = delayBeforeRetry({
        attempts,
        chance: chance(surroundings),
        retryAfterMs: failure.retryAfterMs,
      })
      const elapsedMs = surroundings.now() - began
      if (elapsedMs + delayMs > settings.retryForMs)
        throw unavailable(failure.error, { request, url, attempts, elapsedMs })
      await wait(surroundings, delayMs, signal)
    }
  }
}

/** Each attempt needs a request of its own, for a body is read once. */
function requestMaker<M extends Method, P extends PathOf<M>>(
  settings: TransportSettings,
  method: M,
  path: P,
  call: Call<M, P>,
): (signal: AbortSignal) => Request {
  const target = settings.url + fillPath(path, call.params ?? {}) + queryText(call.query ?? {})
  const headers: Record<string, string> = {
    accept: `${call.file ?? 'application/json'}, application/problem+json`,
    authorization: `Bearer ${settings.apiKey}`,
  }
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey
  let body: string | null = null
  if (call.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(call.body)
  }
  // A redirect followed would turn a POST into a GET; it is reported instead.
  return (signal) =>
    new Request(target, { method: method.toUpperCase(), headers, body, signal, redirect: 'manual' })
}

async function attempt(
  settings: TransportSettings,
  make: (signal: AbortSignal) => Request,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Received | Failure> {
  signal.throwIfAborted()
  const limit = new AbortController()
  const timedOut = new Error(`no answer within ${timeoutMs} ms`)
  const callOff = settings.surroundings.after(timeoutMs, () => limit.abort(timedOut))
  const either = AbortSignal.any([signal, limit.signal])
  try {
    return await unlessAborted(either, async () => {
      // A property would be called with the settings as `this`, which some runtimes' fetch refuses.
      const { fetch } = settings
      const response = await fetch(make(either))
      return {
        status: response.status,
        headers: response.headers,
        body: new Uint8Array(await response.arrayBuffer()),
      }
    })
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    return { error: notReached(cause, settings.url), passing: true, retryAfterMs: null }
  } finally {
    callOff()
  }
}

function failureOf(received: Received, at: { request: string; url: string; now: number }): Failure {
  const { status } = received
  if (status >= 300 && status < 400) {
    const location = received.headers.get('location') ?? 'elsewhere'
    const message = `${at.request} at ${at.url} is redirected to ${location}. Set TALLYSTICK_URL to where the server is.`
    return {
      error: new TallystickError({ message, status, code: 'unexpected_answer' }),
      passing: false,
      retryAfterMs: null,
    }
  }
  const error = errorFromAnswer({ status, text: textOf(received), request: at.request, url: at.url })
  return {
    error,
    passing: isRetryable(status, error.code),
    retryAfterMs: retryAfterMs(received.headers.get('retry-after'), at.now),
  }
}

function parseAnswer(
  received: Received,
  file: string | undefined,
  at: { request: string; url: string },
): unknown {
  if (file !== undefined) {
    const [type = ''] = (received.headers.get('content-type') ?? '').split(';')
    if (type.trim().toLowerCase() !== file) throw unexpected(received, file, at)
    return received.body
  }
  try {
    return JSON.parse(textOf(received))
  } catch (cause) {
    throw unexpected(received, 'JSON', { ...at, cause })
  }
}

function textOf({ body }: Received): string {
  return new TextDecoder().decode(body)
}

function unexpected(
  { status }: Received,
  wanted: string,
  { request, url, cause }: { request: string; url: string; cause?: unknown },
): TallystickError {
  return new TallystickError({
    message: `${request} was answered with ${status} but not with ${wanted}. Is ${url} a Tallystick server?`,
    status,
    code: 'unexpected_answer',
    cause,
  })
}

function notReached(cause: unknown, url: string): TallystickError {
  const code = systemCode(cause)
  const reason =
    code === 'ECONNREFUSED'
      ? 'connection refused'
      : code === 'ENOTFOUND'
        ? 'host not found'
        : reasonText(cause)
  const advice =
    code === 'ENOTFOUND'
      ? 'Check the host in TALLYSTICK_URL.'
      : `Is the server running at ${url}? Start it with \`npx tallystick dev\`, or correct TALLYSTICK_URL.`
  return new TallystickError({ message: `${reason}. ${advice}`, status: 503, code: 'unreachable', cause })
}

function unavailable(
  last: TallystickError,
  at: { request: string; url: string; attempts: number; elapsedMs: number },
): TallystickUnavailableError {
  const times = at.attempts === 1 ? 'once' : `${at.attempts} times in ${Math.ceil(at.elapsedMs / 1000)} s`
  const message =
    last.code === 'unreachable'
      ? `Tallystick did not answer ${at.request} at ${at.url}, tried ${times}: ${last.message}`
      : `Tallystick at ${at.url} could not do it now, tried ${times}: ${last.message}`
  const { status, code, detail, problem } = last
  const cause = last.code === 'unreachable' ? last.cause : last
  return new TallystickUnavailableError({
    message,
    status,
    code,
    detail,
    problem,
    cause,
    attempts: at.attempts,
  })
}

/** fetch hides the system's error in causes, or in an aggregate when a name had several addresses. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) return systemCode(error.errors[0])
  return systemCode(error.cause)
}

function reasonText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== ''
    ? `${error.message} (${error.cause.message})`
    : error.message
}

function chance(surroundings: Surroundings): number {
  const [byte = 0] = surroundings.randomBytes(1)
  return byte / 255
}

function fillPath(path: string, params: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => pathSegment(name, params[name]))
}

/** From plain JavaScript anything may come: `undefined` must not become the customer called "undefined". */
function pathSegment(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value !== '.' && value !== '..')
    return encodeURIComponent(value)
  // URLs fold . and .. away even when they are percent-encoded.
  throw new TallystickError({
    message: `${name} must be text other than "", "." and "..", and is ${JSON.stringify(value) ?? 'undefined'}.`,
    status: 400,
    code: 'invalid_request',
  })
}

function queryText(query: Record<string, string | number | boolean | undefined>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
