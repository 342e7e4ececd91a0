import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { checkoutRoutes } from './checkouts/routes.ts'
import { clockRoutes } from './clock/routes.ts'
import type { SandboxClock } from './clock/sandbox-clock.ts'
import type { Scheduler } from './clock/scheduler.ts'
import { controlRoutes } from './control/routes.ts'
import { creditControlRoutes, creditEntitlementRoutes } from './credit-entitlements/routes.ts'
import { customerRoutes } from './customers/routes.ts'
import { discountRoutes } from './discounts/routes.ts'
import { disputeControlRoutes, disputeRoutes } from './disputes/routes.ts'
import { injectApiFaults } from './faults/api-faults.ts'
import { faultRoutes } from './faults/routes.ts'
import { refuseOtherHosts, refuseOtherSites, requireApiKey } from './http/guards.ts'
import { limitRate } from './http/rate-limit.ts'
import { uncoveredRoutes } from './http/uncovered-routes.ts'
import { invoiceRoutes } from './invoices/routes.ts'
import type { RandomBytes } from './kernel/ids.ts'
import type { RateLimit, SandboxLog } from './kernel/options.ts'
import { notCovered, Refusal } from './kernel/refusal.ts'
import { assetRoutes } from './pages/assets.ts'
import { buyRoutes } from './pages/buy-routes.ts'
import { checkoutPageRoutes } from './pages/checkout-routes.ts'
import { controlPageRoutes } from './pages/control/routes.ts'
import { portalPageRoutes } from './pages/portal-routes.ts'
import { paymentMethodRoutes } from './payment-methods/routes.ts'
import { paymentControlRoutes } from './payments/control-routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { portalRoutes } from './portal/routes.ts'
import { pricingControlRoutes } from './pricing/routes.ts'
import { productRoutes } from './products/routes.ts'
import { refundControlRoutes, refundRoutes } from './refunds/routes.ts'
import type { Store } from './store/store.ts'
import { subscriptionRoutes } from './subscriptions/routes.ts'
import { webhookControlRoutes } from './webhooks/control-routes.ts'
import type { DeliveryWorker } from './webhooks/delivery-worker.ts'
import { webhookRoutes } from './webhooks/routes.ts'

export interface AppInput {
  store: Store
  worker: DeliveryWorker
  clock: SandboxClock
  scheduler: Scheduler
  apiKey: string
  random: RandomBytes
  log: SandboxLog
  rateLimit: RateLimit | undefined
  /** Asked per request, for the port is known only once the server listens. */
  checkoutOrigin: () => string
  apiOrigin: () => string
  /** The address it was told to listen on, as an address names it. */
  host: string
}

// A cart of 20 products with all metadata is some 30 kB.
const bodyBytesMax = 1_000_000

function refuseLargeBody(): never {
  throw new Refusal(413, 'INVALID_REQUEST_BODY', 'The request body is larger than a megabyte.')
}

function hostnameOf(origin: string): string[] {
  return URL.canParse(origin) ? [new URL(origin).hostname] : []
}

/** All routes: the API behind the key, the pages and the control routes open. */
export function createApp(input: AppInput): Hono {
  const { store, worker, clock, scheduler, random } = input
  const app = new Hono()

  app.onError((error, context) => {
    if (!(error instanceof Refusal)) {
      input.log.error({ path: context.req.path, error: error.stack ?? String(error) }, 'request failed')
      return context.json(
        { code: 'INTERNAL_SERVER_ERROR', message: 'The local Dodo failed; its log says why.' },
        500,
      )
    }
    // The SDK repeats 409 and every 5xx by itself, and neither of these gets better by repeating.
    if (error.status === 501 || error.status === 409) context.header('x-should-retry', 'false')
    return Response.json(
      { code: error.code, message: error.message },
      { status: error.status, headers: context.res.headers },
    )
  })
  app.notFound((context) =>
    context.json(
      { code: 'NOT_FOUND', message: `There is no ${context.req.method} ${context.req.path}.` },
      404,
    ),
  )

  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: refuseLargeBody }))
  const ownHosts = () => [input.host.toLowerCase(), ...hostnameOf(input.checkoutOrigin())]
  for (const path of ['/', '/_sandbox/*']) app.use(path, refuseOtherHosts(ownHosts))
  for (const path of ['/_sandbox/*', '/session/*', '/overlay/*', '/inline/*', '/portal/*'])
    app.use(path, refuseOtherSites)
  app.route('/', assetRoutes())
  // What is due has happened before anybody asks, and what a request made due goes out at once.
  app.use(async (context, next) => {
    scheduler.runDue()
    await next()
    if (context.req.method === 'GET') return
    scheduler.wake()
    worker.wake()
  })
  app.route('/', checkoutPageRoutes({ store, worker, random }))
  app.route('/', portalPageRoutes(store, input.checkoutOrigin))
  app.route('/', faultRoutes(store))
  app.route('/', webhookControlRoutes(store, worker))
  app.route('/', buyRoutes(store))
  app.route('/', invoiceRoutes(store))
  app.route('/', pricingControlRoutes(store))
  app.route('/', paymentControlRoutes(store))
  app.route('/', refundControlRoutes(store))
  app.route('/', disputeControlRoutes(store))
  app.route('/', controlRoutes({ store, worker, random }))
  app.route('/', clockRoutes({ clock, scheduler }))
  app.route('/', creditControlRoutes(store))
  app.route('/', controlPageRoutes({ ...input, origin: input.checkoutOrigin }))

  const api = new Hono<{ Bindings: HttpBindings }>()
  const inFrontOfApi = [
    limitRate({ now: input.clock.now, limit: input.rateLimit }),
    requireApiKey(input.apiKey),
    injectApiFaults(store),
  ]
  for (const path of apiPaths) api.use(path, ...inFrontOfApi)
  // Before the covered ones: `/products/short_links` must not be taken for the product of that id.
  for (const [method, path] of uncoveredRoutes) {
    api.on(method, path, () => {
      throw notCovered(`${method} ${path}`)
    })
  }
  api.route('/', productRoutes(store))
  api.route('/', customerRoutes(store))
  api.route('/', creditEntitlementRoutes(store))
  api.route('/', paymentMethodRoutes(store))
  api.route('/', refundRoutes(store))
  api.route('/', disputeRoutes(store))
  api.route('/', subscriptionRoutes(store, input.checkoutOrigin))
  api.route('/', discountRoutes(store))
  api.route('/', portalRoutes(store, input.checkoutOrigin))
  api.route('/', checkoutRoutes(store, input.checkoutOrigin))
  api.route('/', paymentRoutes(store))
  api.route('/', webhookRoutes(store, worker))
  app.route('/', api)
  return app
}

/** Every first segment that belongs to Dodo's API. Hono takes `/x/*` for `/x` too. */
const apiPaths = [
  ...new Set([
    'products',
    'customers',
    'credit-entitlements',
    'checkout',
    'checkouts',
    'discounts',
    'disputes',
    'refunds',
    'payments',
    'webhooks',
    ...uncoveredRoutes.map(([, path]) => path.split('/')[1] ?? ''),
  ]),
].map((segment) => `/${segment}/*`)
