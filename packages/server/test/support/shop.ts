/**
 * Everything that buying takes, wired as the server wires it: orders over a database, the official SDK, and a local Dodo that delivers its
 * webhooks over HTTP to the routes, which listen on a port.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { type DodoSandbox, type DodoSandboxOptions, startDodoSandbox } from '@tallystick/dodo-sandbox'
import { Webhook } from 'standardwebhooks'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import { createCustomers } from '../../src/customers/customers.ts'
import type { Database } from '../../src/database/database.ts'
import { migratedSnapshot } from '../../src/database/migrated-snapshot.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { createApp } from '../../src/http/app.ts'
import { createInbox, type Inbox } from '../../src/inbox/inbox.ts'
import { devInboxRoutes, inboxRoutes } from '../../src/inbox/routes.ts'
import { createJobs, type Repeated } from '../../src/jobs/jobs.ts'
import { idMaker } from '../../src/kernel/ids.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import type { Log } from '../../src/observability/logger.ts'
import { createOrders, type Orders } from '../../src/orders/orders.ts'
import { orderRoutes } from '../../src/orders/routes.ts'
import { createPaymentMethods } from '../../src/payment-methods/payment-methods.ts'
import { paymentMethodRoutes } from '../../src/payment-methods/routes.ts'
import { createPayments } from '../../src/payments/payments.ts'
import { paymentsOfOrders } from '../../src/payments/payments-of-orders.ts'
import { paymentRoutes } from '../../src/payments/routes.ts'
import type { SettleContext } from '../../src/payments/settle-payment.ts'
import { createDodoProvider, type DodoOptions } from '../../src/providers/dodo/dodo-provider.ts'
import type { PaymentProvider } from '../../src/providers/provider.ts'
import { createRefunds, type Refunds } from '../../src/refunds/refunds.ts'
import { refundRoutes } from '../../src/refunds/routes.ts'
import { createTestDatabase } from './test-database.ts'

export type Driver = 'pglite' | 'postgres'

const shopCatalog = checkCatalog(
  defineCatalog({
    units: { credits: { name: 'Credits' } },
    actions: { 'image.standard': { credits: 1 } },
    packs: {
      starter: pack({ name: 'Starter', credits: 100, price: usd(10) }),
      power: pack({ name: 'Power', credits: 500, price: usd(40) }),
    },
  }),
)

const newId = idMaker({ now: Date.now, randomBytes })

interface LoggedLine {
  readonly level: string
  readonly facts: Record<string, unknown>
  readonly message: string
}

export interface ShopOptions {
  readonly database: Database
  /** An open one is shared; else one is started whose webhooks come to this shop. */
  readonly dodo?: DodoSandbox
  readonly dodoOptions?: Partial<DodoSandboxOptions>
  readonly secret?: string
  /** Whether this process works on stored webhooks. */
  readonly work?: boolean
  readonly catalog?: Catalog
  readonly provider?: Partial<DodoOptions>
  /** Between the shop and its provider. */
  readonly wrapProvider?: (provider: PaymentProvider) => PaymentProvider
}

export interface Shop {
  readonly url: string
  readonly dodo: DodoSandbox
  readonly secret: string
  readonly orders: Orders
  readonly inbox: Inbox
  readonly log: Log
  readonly settleContext: () => SettleContext
  readonly refunds: Refunds
  /** What its job does every few seconds, now: here it does it at no other time. */
  lookAfterRefunds(): Promise<void>
  readonly ledger: Ledger
  readonly provider: PaymentProvider
  readonly lines: LoggedLine[]
  catalog: Catalog
  /** A request of the app's server. */
  request(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  readonly status: number
  // oxlint-disable-next-line no-explicit-any
  readonly body: any
}

export const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`

export async function openTestDatabase(driver: Driver): Promise<Database> {
  return openDatabase(
    driver === 'pglite'
      ? { dataDir: undefined, snapshot: await migratedSnapshot() }
      : { url: (await createTestDatabase()).url },
  )
}

export async function openShop(options: ShopOptions): Promise<Shop> {
  const { database, secret = newSecret() } = options
  const lines: LoggedLine[] = []
  const log = recordingLog(lines)

  let handle: ((request: Request) => Promise<Response>) | undefined
  const server = createServer(
    getRequestListener((request) => handle?.(request) ?? new Response('not yet', { status: 503 })),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  const url = `http://127.0.0.1:${address.port}`

  const dodo =
    options.dodo ??
    (await startDodoSandbox({
      webhooks: [{ url: `${url}/v1/webhooks/dodo`, secret }],
      retryScheduleMs: [0, 50, 100, 200],
      ...options.dodoOptions,
    }))
  const unwrapped = await createDodoProvider({
    apiKey: dodo.apiKey,
    webhookSecrets: [secret],
    target: { baseUrl: dodo.url },
    ...options.provider,
  })
  const provider = options.wrapProvider?.(unwrapped) ?? unwrapped
  const ledger = await createLedger({ database, newId })
  const jobs = createJobs({ database, log, work: options.work ?? true })
  const shop = { catalog: options.catalog ?? shopCatalog }
  const catalog = () => shop.catalog
  const { context } = ledger
  const orders = createOrders({
    database,
    mode: 'test',
    provider,
    catalog,
    context,
    paymentsOf: paymentsOfOrders,
  })
  const settleContext = (): SettleContext => ({
    provider: provider.name,
    mode: 'test',
    catalog: catalog(),
    ledger: context,
  })
  const payments = createPayments({ database, mode: 'test', context: settleContext, log })
  const inbox = createInbox({ database, provider, jobs, context: settleContext, log })
  const repeated: Repeated[] = []
  const refunds = createRefunds({
    database,
    provider,
    jobs: { repeat: (work) => repeated.push(work) },
    context: settleContext,
    log,
  })
  const customers = createCustomers({ database, mode: 'test', context, catalog })
  const forRoutes: Orders = {
    ...orders,
    checkout: async (intent) => {
      await customers.ensure(intent.customer)
      return orders.checkout(intent)
    },
  }
  const app = createApp({
    routes: [
      ...orderRoutes(forRoutes),
      ...paymentRoutes(payments),
      ...paymentMethodRoutes(createPaymentMethods({ database, mode: 'test', provider })),
      ...refundRoutes(refunds),
      ...inboxRoutes(inbox),
      ...devInboxRoutes(inbox),
    ],
    authenticate: () => {},
    log,
    newRequestId: newId,
    nowMs: () => performance.now(),
  })
  await jobs.start()
  await inbox.resume()
  handle = (request) => app.fetch(request)

  return Object.assign(shop, {
    url,
    dodo,
    secret,
    orders,
    inbox,
    log,
    settleContext,
    refunds,
    async lookAfterRefunds() {
      for (const work of repeated) await work.run()
    },
    ledger,
    provider,
    lines,
    async request(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      })
      return { status: response.status, body: await response.json() }
    },
    /** Leaves the database open; a shared Dodo too. */
    async close() {
      // In the other order of this; one that fails skips none.
      await using opened = new AsyncDisposableStack()
      if (options.dodo === undefined) opened.defer(() => dodo.close())
      opened.defer(() => ledger.close())
      opened.defer(() => jobs.stop())
      server.close()
      server.closeAllConnections()
    },
  })
}

function recordingLog(lines: LoggedLine[]): Log {
  const at = (level: string) => (facts: Record<string, unknown>, message: string) => {
    lines.push({ level, facts, message })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as unknown as Log
}

const successCard = '4242 4242 4242 4242'
export const declinedCard = '4000 0000 0000 9995'

/** Fills in the checkout's form and sends it, as a browser does. */
export async function payInBrowser(
  checkoutUrl: string,
  card = successCard,
  email = 'ada@example.com',
  country = 'US',
): Promise<Answer> {
  const response = await fetch(checkoutUrl, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      email,
      name: 'Ada Lovelace',
      country,
      card_number: card,
      expiry: '06 / 32',
      cvc: '123',
    }),
  })
  return { status: response.status, body: await response.json() }
}

export interface SignedMessage {
  readonly headers: Record<string, string>
  readonly body: string
}

/** A message as Dodo signs it. */
export function signMessage(
  secret: string,
  event: unknown,
  { id = `msg_${newId()}`, at = new Date() }: { id?: string; at?: Date } = {},
): SignedMessage {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  }
}

/** Delivers a message to a shop, and answers the status. */
export async function deliver(shop: Pick<Shop, 'url'>, { headers, body }: SignedMessage): Promise<number> {
  const response = await fetch(`${shop.url}/v1/webhooks/dodo`, { method: 'POST', headers, body })
  await response.body?.cancel()
  return response.status
}
