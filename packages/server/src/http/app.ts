import { type z } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { idempotencyKeyRequired, invalidRequest, type RequestIssue } from '../kernel/invalid-request.ts'
import { Fault, Refusal } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'
import { methodNotAllowed, notFound } from './errors.ts'
import { requestIssues } from './issues.ts'
import { problemFrom } from './problem.ts'
import { readJson, readText } from './read-body.ts'
import type { FileAnswer, Route } from './route.ts'

export interface AppOptions {
  readonly routes: readonly Route[]
  /** Throws a refusal unless the request carries a secret key. */
  authenticate(headers: Headers): void
  /** On every answer. */
  readonly headers?: Readonly<Record<string, string>>
  readonly log: Log
  /** Makes the ids of requests that bring none. */
  newRequestId(): string
  /** Milliseconds, for how long a request took. */
  nowMs(): number
}

export interface App {
  /** Answers a web-standard request, and never throws. */
  readonly fetch: (request: Request) => Promise<Response>
}

/** Routes to one handler: authenticate, parse, handle, and every error as a problem. */
export function createApp(options: AppOptions): App {
  const { routes, log } = options
  // A strict router would tell `/v1/prices/` from `/v1/prices`; nobody means the difference.
  const hono = new Hono<{ Variables: { requestId: string } }>({ strict: false })

  hono.use(async (context, next) => {
    const startedMs = options.nowMs()
    const requestId = ownRequestId(context.req.header('x-request-id')) ?? options.newRequestId()
    context.set('requestId', requestId)
    await next()
    context.res.headers.set('x-request-id', requestId)
    for (const [name, value] of Object.entries(options.headers ?? {})) context.res.headers.set(name, value)
    const { method, routePath } = context.req
    const ms = Math.round(options.nowMs() - startedMs)
    log.debug({ requestId, method, route: routePath, status: context.res.status, ms }, 'request answered')
  })

  for (const route of routes) {
    hono.on(route.method, honoPath(route.path), async (context) => {
      const request = context.req.raw
      if (route.access !== 'open') options.authenticate(request.headers)
      const parsed = await parse(route, request, context.req.param(), context.req.query())
      const answer = await route.handle({ ...parsed, requestId: context.get('requestId') })
      return route.answerType === undefined ? Response.json(answer) : asItIs(answer, route.answerType)
    })
  }
  for (const [path, allowed] of methodsByPath(routes)) {
    hono.all(honoPath(path), ({ req }) => {
      throw methodNotAllowed({ method: req.method, path: req.path, allowed })
    })
  }
  function answerError(error: Error, requestId: string): Response {
    logError(log, error, requestId)
    const { problem, headers } = problemFrom(error, requestId)
    return Response.json(problem, {
      status: problem.status,
      headers: { ...headers, 'content-type': 'application/problem+json' },
    })
  }
  // Answered and not thrown: what is thrown here passes by the headers that every answer gets.
  hono.notFound(({ req, get }) =>
    answerError(
      notFound({ method: req.method, path: req.path, hint: hintFor(req.path, routes) }),
      get('requestId'),
    ),
  )
  hono.onError((error, context) => answerError(error, context.get('requestId')))
  return { fetch: async (request) => hono.fetch(request) }
}

function asItIs(answer: unknown, type: string): Response {
  if (!isFile(answer)) return new Response(String(answer), { headers: { 'content-type': type } })
  const headers = { 'content-type': type, 'content-disposition': `inline; filename="${answer.fileName}"` }
  return new Response(Uint8Array.from(answer.bytes), { headers })
}

function isFile(answer: unknown): answer is FileAnswer {
  return typeof answer === 'object' && answer !== null && 'bytes' in answer && 'fileName' in answer
}

function logError(log: Log, error: Error, requestId: string): void {
  if (error instanceof Refusal)
    log.info({ requestId, code: error.code, status: error.status }, 'request refused')
  else if (error instanceof Fault)
    log.warn({ requestId, code: error.code, err: error }, 'request met a fault')
  else log.error({ requestId, err: error }, 'request ended in a bug')
}

// A body of a thousand parts may be wrong in all of them, for one and the same reason.
const issuesMax = 50

async function parse(
  route: Route,
  request: Request,
  rawParams: Record<string, string>,
  rawQuery: Record<string, string>,
) {
  const issues: RequestIssue[] = []
  function check(prefix: string, schema: z.ZodObject, value: unknown): unknown {
    const result = schema.safeParse(value, { reportInput: true })
    if (result.success) return result.data
    issues.push(...requestIssues(result.error, { prefix, schema }))
    return undefined
  }

  if (!isDecodable(new URL(request.url).pathname))
    issues.push({ path: 'path', message: 'is not percent-encoded UTF-8.' })
  const params = check('path', route.params, rawParams)
  const query = check('query', route.query, rawQuery)
  const rawBody = route.raw === true ? await readText(request, route.bodyBytesMax) : ''
  const body =
    route.body === undefined || route.raw === true
      ? {}
      : check('', route.body, await readJson(request, route.bodyBytesMax))
  if (issues.length > 0) throw invalidRequest({ issues: issues.slice(0, issuesMax) })
  const idempotencyKey = route.keyed === true ? readKey(request.headers) : undefined
  return { params, query, body, rawBody, headers: request.headers, idempotencyKey } as const
}

function readKey(headers: Headers): string {
  const key = headers.get('idempotency-key')?.trim()
  if (key === undefined || key === '') throw idempotencyKeyRequired({ reason: 'The request has none.' })
  if (key.length > 255) throw idempotencyKeyRequired({ reason: `The key has ${key.length} characters.` })
  return key
}

function ownRequestId(sent: string | undefined): string | undefined {
  return sent !== undefined && /^[\w.:-]{1,128}$/.test(sent) ? sent : undefined
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>()
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method])
  return methods
}

function hintFor(path: string, routes: readonly Route[]): string {
  const list = 'All routes are listed in /openapi.json.'
  const known = routes.find(({ path: pattern }) => fits(pattern, `/v1${path}`))
  if (known !== undefined) return `Did you mean ${known.method} ${known.path}? ${list}`
  const mounted = routes.find(({ path: pattern }) => {
    const at = path.indexOf('/v1/')
    return at > 0 && fits(pattern, path.slice(at))
  })
  if (mounted !== undefined)
    return `When the server is mounted under a path, that path is cut off before the request is passed on. ${list}`
  return list
}

function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length && wanted.every((step, at) => step.startsWith('{') || step === given[at])
  )
}
