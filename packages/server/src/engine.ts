import { randomBytes } from 'node:crypto'
import type { Catalog } from './catalog/catalog.ts'
import { checkCatalog } from './catalog/check-catalog.ts'
import type { CatalogDefinition } from './catalog/define-catalog.ts'
import { storeCatalog } from './catalog/store-catalog.ts'
import type { ShownCustomer } from './customers/customer.ts'
import { type Customers, createCustomers } from './customers/customers.ts'
import { eraseCustomer } from './customers/erase-customer.ts'
import type { Clock, Database } from './database/database.ts'
import { openDatabase } from './database/open-database.ts'
import { forgetBuyer } from './inbox/forget-buyer.ts'
import { countOpenMessages, createInbox, type Inbox } from './inbox/inbox.ts'
import { createJobs, type Jobs, type JobsOptions } from './jobs/jobs.ts'
import { idMaker, type Mode } from './kernel/ids.ts'
import { forgetOldCounts, verification } from './ledger/jobs.ts'
import { createLedger, type Ledger } from './ledger/ledger.ts'
import { observeWith } from './ledger/metrics.ts'
import type {
  AdjustRequest,
  BalanceRequest,
  Done,
  EntriesRequest,
  GrantRequest,
  HoldRequest,
  LedgerRequests,
  LotsRequest,
  QuoteRequest,
  SpendRequest,
} from './ledger/requests.ts'
import { serveRequests } from './ledger/serve-requests.ts'
import { createMerges, type Merges } from './merges/merges.ts'
import { mirroring } from './mirror/mirror.ts'
import { createLogger, type Log } from './observability/logger.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import type { CheckoutIntent, Orders, PaidOrder } from './orders/orders.ts'
import { createOrders } from './orders/orders.ts'
import { createPaymentMethods, type PaymentMethods } from './payment-methods/payment-methods.ts'
import { countWaitingPayments, createPayments, type Payments } from './payments/payments.ts'
import { paymentsOfOrders } from './payments/payments-of-orders.ts'
import { createDodoProvider, type DodoOptions } from './providers/dodo/dodo-provider.ts'
import { modesDiffer } from './providers/errors.ts'
import type { PaymentProvider } from './providers/provider.ts'
import {
  createReconciliations,
  lastReconciliation,
  type Reconciliations,
  reconciling,
} from './reconcile/reconciliations.ts'
import { createRefunds, type Refunds } from './refunds/refunds.ts'

export interface EngineOptions<C extends CatalogDefinition> {
  /** What `defineCatalog` made, or what `loadCatalog` read. */
  readonly catalog: C | Catalog
  /** A Postgres, or a folder for an embedded one; no folder is a database in memory, for tests (`tallystick/testing` starts one in less time). */
  readonly database:
    | { readonly url: string }
    | { readonly dataDir: string | undefined; readonly snapshot?: Blob | undefined }
  /** Test credits and live ones never meet. Test unless given. */
  readonly mode?: Mode | undefined
  /**
   * Observe mode: no charge, no hold and no capture is refused for want of credits or for a limit; receipts say what would have been. For trying
   * Tallystick on live traffic before it may refuse anything. False unless given.
   */
  readonly observe?: boolean | undefined
  /** Where packs are sold: settings for Dodo Payments, or a provider made already. Without one nothing can be bought. */
  readonly provider?: { readonly dodo: DodoOptions } | PaymentProvider | undefined
  /**
   * How many wallets the verification in the background recomputes in a minute, round after round: 1,000 unless given, which is a million in 17 hours;
   * 0 for none of it.
   */
  readonly verifyPerMinute?: number | undefined
  /** How often what the provider has is compared with these books, in minutes: 10 unless given, 0 for never by itself. */
  readonly reconcileEveryMinutes?: number | undefined
  /** Whether this engine works on what is stored (messages, jobs, schedules), or leaves that to others on the same database. True unless given. */
  readonly work?: boolean | undefined
  /** Warnings and errors to standard error unless given. */
  readonly log?: Log | undefined
  /** For tests; the database's clock unless given. */
  readonly clock?: Clock | undefined
}

type ActionOf<C extends CatalogDefinition> = keyof C['actions'] & string
type PackOf<C extends CatalogDefinition> = keyof NonNullable<C['packs']> & string
type UnitOf<C extends CatalogDefinition> = keyof C['units'] & string

/** Everything but HTTP. Its requests are typed by the catalog: an unknown action does not compile. */
export interface Engine<C extends CatalogDefinition = CatalogDefinition> extends LedgerRequests {
  readonly mode: Mode
  /** Whether nothing is refused for want of credits or for a limit. */
  readonly observe: boolean
  readonly log: Log
  /** The catalog in use. */
  catalog(): Catalog
  /** Stores the catalog and uses it from now on. Holds and orders that were made under another one keep its prices. */
  setCatalog(next: Catalog): Promise<void>
  charge(request: SpendRequest<ActionOf<C>, UnitOf<C>>): Promise<Done>
  hold(request: HoldRequest<ActionOf<C>, UnitOf<C>>): Promise<Done>
  grant(request: GrantRequest<UnitOf<C>>): ReturnType<LedgerRequests['grant']>
  balance(request: BalanceRequest<UnitOf<C>>): ReturnType<LedgerRequests['balance']>
  balanceAt(
    request: BalanceRequest<UnitOf<C>> & { readonly at: Date },
  ): ReturnType<LedgerRequests['balanceAt']>
  adjust(request: AdjustRequest<UnitOf<C>>): ReturnType<LedgerRequests['adjust']>
  quote(request: QuoteRequest<ActionOf<C>, UnitOf<C>>): ReturnType<LedgerRequests['quote']>
  lots(request: LotsRequest<UnitOf<C>>): ReturnType<LedgerRequests['lots']>
  entries(request: EntriesRequest<UnitOf<C>>): ReturnType<LedgerRequests['entries']>
  readonly customers: CustomersOfEngine
  readonly orders: SoldOrders<PackOf<C>>
  readonly payments: Payments
  readonly paymentMethods: PaymentMethods
  readonly refunds: Refunds
  readonly inbox: Omit<Inbox, 'resume'>
  readonly reconciliations: Reconciliations
  /** What it counts and measures, in Prometheus's text format. */
  metrics(): Promise<string>
  /** Ends everything that the engine began, after what is in flight. */
  close(): Promise<void>
}

interface CustomersOfEngine extends Pick<Customers, 'put' | 'show' | 'block' | 'unblock'>, Merges {
  /**
   * Forgets who the customer is: e-mail, name, the link to the payment provider's customer, what the provider's messages say, and why they were blocked, refunded, disputed or
   * dismissed. Wallets, entries and orders stay. Safe to repeat.
   *
   * @throws customerNotFound
   */
  erase(customer: string): Promise<ShownCustomer>
}

interface SoldOrders<Pack extends string> extends Omit<Orders, 'checkout'> {
  checkout(intent: CheckoutIntent & { readonly pack: Pack }): Promise<PaidOrder>
}

const verifyPerMinuteDefault = 1000

const reconcileEveryMinutesDefault = 10

/**
 * Opens the database, checks and stores the catalog, and is ready. Keeps nothing outside itself: a process may have several.
 *
 * @throws CatalogError with all that is wrong with the catalog
 * @throws directoryInUse when another process has the data folder open
 */
export function createEngine<const C extends CatalogDefinition>(
  options: EngineOptions<C>,
): Promise<Engine<C>> {
  return createEngineWith(options, createJobs)
}

/** The same with another job runner, for the test engine, or another way to open the database. */
export async function createEngineWith<const C extends CatalogDefinition>(
  options: EngineOptions<C>,
  makeJobs: (options: JobsOptions) => Jobs,
  open: typeof openDatabase = openDatabase,
): Promise<Engine<C>> {
  const { mode = 'test', log = createLogger({ level: 'warn' }), clock, observe = false } = options
  const { verifyPerMinute = verifyPerMinuteDefault } = options
  const catalog = isChecked(options.catalog)
    ? options.catalog
    : checkCatalog(options.catalog, 'the catalog given to createEngine')
  const provider = await providerOf(options.provider)
  if (provider !== undefined && provider.mode !== mode)
    throw modesDiffer({ engine: mode, provider: provider.mode })
  const database = await open({
    ...options.database,
    clock,
    onConnectionError: (err) => {
      log.warn({ err }, 'a database connection broke')
    },
  })
  const opened: (() => Promise<void>)[] = [() => database.close()]
  try {
    const newId = idMaker({ now: () => Date.now(), randomBytes })
    const metrics = createMetrics({
      waiting: () => ledger.waiting(),
      openMessages: () => countOpenMessages(database),
      waitingPayments: () => countWaitingPayments(database, mode),
      reconciliation: async () =>
        provider && lastReconciliation(database, { provider: provider.name, mode: provider.mode }),
    })
    const observer = observeWith(metrics)
    const ledger = await createLedger({ database, newId, observer })
    opened.unshift(() => ledger.close())
    const jobs = makeJobs({ database, log, work: options.work ?? true })
    opened.unshift(() => jobs.stop())
    jobs.repeat(forgetOldCounts({ database }))
    if (verifyPerMinute > 0)
      jobs.repeat(verification({ database, newId, log, observer, walletsPerMinute: verifyPerMinute }))
    const { reconcileEveryMinutes = reconcileEveryMinutesDefault } = options
    const parts = {
      database,
      ledger,
      jobs,
      provider,
      mode,
      log,
      catalog,
      observe,
      metrics,
      reconcileEveryMinutes,
    }
    return await engineOver(parts, () => closeAll(opened))
  } catch (error) {
    await closeAll(opened)
    throw error
  }
}

function providerOf(
  provider: EngineOptions<CatalogDefinition>['provider'],
): Promise<PaymentProvider | undefined> {
  return provider !== undefined && 'dodo' in provider
    ? createDodoProvider(provider.dodo)
    : Promise.resolve(provider)
}

/** One after the other, last opened first: jobs use the ledger, and everything uses the database. What fails to close keeps nobody else open. */
async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const close of opened.splice(0)) {
    // oxlint-disable-next-line no-await-in-loop
    await close().catch((error: unknown) => errors.push(error))
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be closed.')
}

function isChecked(catalog: CatalogDefinition | Catalog): catalog is Catalog {
  return 'hash' in catalog
}

interface Parts {
  readonly database: Database
  readonly ledger: Ledger
  readonly jobs: Jobs
  readonly provider: PaymentProvider | undefined
  readonly mode: Mode
  readonly log: Log
  readonly catalog: Catalog
  readonly observe: boolean
  readonly metrics: Metrics
  readonly reconcileEveryMinutes: number
}

interface CatalogInUse {
  readonly catalog: Catalog
  readonly id: number
}

async function engineOver(parts: Parts, close: () => Promise<void>): Promise<Engine> {
  const { database, ledger, jobs, provider, mode, log, catalog: first, observe, metrics } = parts
  let inUse = await store(first)
  const customers = createCustomers({
    database,
    mode,
    context: ledger.context,
    catalog: () => inUse.catalog,
  })

  const orders = createOrders({
    database,
    mode,
    provider,
    catalog: () => inUse.catalog,
    context: ledger.context,
    paymentsOf: paymentsOfOrders,
  })
  const settleContext = () => ({
    provider: provider?.name ?? '',
    mode,
    catalog: inUse.catalog,
    ledger: ledger.context,
  })
  const inbox = createInbox({
    database,
    provider,
    jobs,
    context: settleContext,
    log,
  })
  const payments = createPayments({
    database,
    mode,
    context: () => (provider === undefined ? undefined : settleContext()),
    log,
  })
  const reconciliations = createReconciliations({
    database,
    provider,
    context: settleContext,
    newId: ledger.context.newId,
    log,
    now: () => new Date(),
  })
  const refunds = createRefunds({ database, provider, jobs, context: settleContext, log })
  const merges = createMerges({
    database,
    mode,
    jobs,
    catalog: () => inUse.catalog,
    context: ledger.context,
    log,
  })
  if (provider !== undefined && parts.reconcileEveryMinutes > 0)
    jobs.repeat(reconciling({ database, provider }, reconciliations, parts.reconcileEveryMinutes))
  if (provider !== undefined)
    jobs.repeat(
      mirroring({
        database,
        provider,
        catalog: () => inUse.catalog,
        newId: ledger.context.newId,
        log,
      }),
    )
  await jobs.start()
  await inbox.resume()

  async function store(catalog: Catalog): Promise<CatalogInUse> {
    return { catalog, id: await database.transaction((tx) => storeCatalog(tx, catalog)) }
  }

  const requests = serveRequests({
    ledger,
    mode,
    catalog: () => inUse,
    ensureCustomer: (customer) => customers.ensure(customer),
    observe,
    log,
  })

  return {
    mode,
    observe,
    log,
    customers: {
      put: (input) => customers.put(input),
      show: (customer) => customers.show(customer),
      block: (input) => customers.block(input),
      unblock: (input) => customers.unblock(input),
      merge: async (input) => {
        await customers.ensure(input.into)
        return merges.merge(input)
      },
      erase: (customer) =>
        database.transaction(async (tx) => {
          const erased = await eraseCustomer(tx, {
            mode,
            customer,
            disputesBlock: inUse.catalog.disputes.block,
          })
          await forgetBuyer(tx, { mode, customer, email: erased.email })
          return erased.customer
        }),
    },
    catalog: () => inUse.catalog,
    setCatalog: async (next) => {
      inUse = await store(next)
    },

    ...requests,

    orders: {
      ...orders,
      checkout: async (intent) => {
        await customers.ensure(intent.customer)
        return orders.checkout(intent)
      },
      list: async (customer, page) => {
        await customers.ensure(customer)
        return orders.list(customer, page)
      },
    },

    payments,
    paymentMethods: createPaymentMethods({ database, mode, provider }),
    refunds,

    inbox,
    reconciliations,

    metrics: () => metrics.text(),
    close,
  }
}
