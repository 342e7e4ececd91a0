import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { z } from '@hono/zod-openapi'
import { unauthorized } from './access/errors.ts'
import { secretKeys } from './access/secret-keys.ts'
import { catalogRoutes } from './catalog/routes.ts'
import { customerRoutes } from './customers/routes.ts'
import type { Engine } from './engine.ts'
import { type App, createApp } from './http/app.ts'
import { notForPages } from './http/errors.ts'
import { isForThisMachine } from './http/loopback.ts'
import { type OpenApiDocument, openApiDocument } from './http/openapi.ts'
import { type Route, route } from './http/route.ts'
import { devInboxRoutes, inboxRoutes } from './inbox/routes.ts'
import { Fault } from './kernel/refusal.ts'
import { ledgerRoutes } from './ledger/routes.ts'
import { mergeRoutes } from './merges/routes.ts'
import { metricsType } from './observability/metrics.ts'
import { orderRoutes } from './orders/routes.ts'
import { paymentMethodRoutes } from './payment-methods/routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { reconciliationRoutes } from './reconcile/routes.ts'
import { refundRoutes } from './refunds/routes.ts'

export interface ServerOptions {
  /** The secret keys that are accepted, all of the engine's mode: `tsk_test_…` or `tsk_live_…`. */
  readonly apiKeys: readonly string[]
  /** Only for development: adds the routes under /dev, which ask for no key and must never be reachable from outside. */
  readonly dev?: { /** Ends the process as a crash would. */ readonly kill: () => void } | undefined
}

export interface Server extends App {
  /** The same for Node's own `http` and for Express. */
  readonly nodeHandler: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>
  /** The OpenAPI 3.1 document of the routes. */
  openapi(): OpenApiDocument
}

/**
 * The engine's HTTP API as a web-standard `fetch`, to listen with or to mount under a path of another app. It listens nowhere by itself.
 *
 * The mounting app cuts its path off before it passes a request on, as Hono does with `app.mount('/billing', server.fetch)` and Express with
 * `app.use('/billing', server.nodeHandler)`. It must stand before any body parser: webhooks are signed byte for byte.
 *
 * @throws Fault invalid_api_key when a key is malformed, or of another mode than the engine
 */
export function createServer(engine: Engine, options: ServerOptions): Server {
  const keys = secretKeys(options.apiKeys)
  if (keys.mode !== engine.mode) {
    const message = `The engine is in ${engine.mode} mode and the secret keys are for ${keys.mode} mode.`
    throw new Fault('invalid_api_key', message, { retryable: false })
  }
  const routes = [
    ...ledgerRoutes(engine),
    ...customerRoutes(engine.customers),
    ...mergeRoutes(engine.customers),
    ...catalogRoutes(engine),
    ...orderRoutes(engine.orders),
    ...paymentRoutes(engine.payments),
    ...paymentMethodRoutes(engine.paymentMethods),
    ...refundRoutes(engine.refunds),
    ...inboxRoutes(engine.inbox),
    ...reconciliationRoutes(engine.reconciliations),
    ...serviceRoutes(engine, () => openapi()),
    ...(options.dev === undefined ? [] : devRoutes(engine, options.dev)),
  ]
  const app = createApp({
    routes,
    authenticate: keys.authenticate,
    // So that nobody takes play money for real: whatever is answered says which it is.
    headers: { 'x-tallystick-mode': engine.mode },
    log: engine.log,
    newRequestId: () => `req_${randomBytes(12).toString('hex')}`,
    nowMs: () => performance.now(),
  })

  let document: OpenApiDocument | undefined
  function openapi(): OpenApiDocument {
    document ??= openApiDocument(routes, {
      title: 'Tallystick',
      version,
      description:
        'Credits billing for AI apps. Amounts of credits are decimal strings, money is in minor units, instants are ISO 8601 in UTC. Every error is application/problem+json with a `code`. Every answer names its mode in the header `x-tallystick-mode`: test or live.',
      unauthorized,
    })
    return document
  }
  // The globals belong to the app whose process this is.
  const nodeHandler = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  return { fetch: app.fetch, nodeHandler, openapi }
}

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))

const healthSchema = z
  .object({
    status: z.literal('ok'),
    mode: z.enum(['test', 'live']),
    observe: z
      .boolean()
      .openapi({ description: 'Whether nothing is refused for want of credits or for a limit.' }),
    version: z.string(),
  })
  .openapi('Health')

function serviceRoutes(engine: Engine, openapi: () => OpenApiDocument): Route[] {
  return [
    route({
      method: 'GET',
      path: '/health',
      id: 'getHealth',
      tag: 'Operation',
      summary: 'Whether the server answers',
      access: 'open',
      answer: healthSchema,
      refusals: [],
      handle: () => ({ status: 'ok' as const, mode: engine.mode, observe: engine.observe, version }),
    }),
    route({
      method: 'GET',
      path: '/metrics',
      id: 'getMetrics',
      tag: 'Operation',
      summary: 'What the server counts and measures, for Prometheus',
      hidden: true,
      answer: z.string(),
      answerType: metricsType,
      refusals: [],
      handle: () => engine.metrics(),
    }),
    route({
      method: 'GET',
      path: '/openapi.json',
      id: 'getOpenApi',
      tag: 'Operation',
      summary: 'This document',
      access: 'open',
      hidden: true,
      answer: z.looseObject({}),
      refusals: [],
      handle: () => ({ ...openapi() }),
    }),
  ]
}

// Time for the answer to leave before the process is gone.
const killDelayMs = 50

function devRoutes(engine: Engine, dev: NonNullable<ServerOptions['dev']>): Route[] {
  const kill = route({
    method: 'POST',
    path: '/dev/kill',
    id: 'kill',
    tag: 'Development',
    summary: 'Ends the server as a crash would',
    hidden: true,
    answer: z.object({}),
    refusals: [],
    handle: () => {
      engine.log.warn({}, 'asked to crash')
      setTimeout(dev.kill, killDelayMs)
      return {}
    },
  })
  return [kill, ...devInboxRoutes(engine.inbox)].map((devRoute) => ({
    ...devRoute,
    access: 'open',
    handle: (request) => {
      if (!isForThisMachine(request.headers)) throw notForPages({ host: request.headers.get('host') ?? '' })
      if (request.headers.has('origin') || request.headers.has('sec-fetch-site')) throw notForPages({})
      return devRoute.handle(request)
    },
  }))
}
