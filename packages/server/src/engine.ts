import { randomBytes } from 'node:crypto'
import type { Catalog } from './catalog/catalog.ts'
import { checkCatalog } from './catalog/check-catalog.ts'
import type { CatalogDefinition } from './catalog/define-catalog.ts'
import { positiveCredits, priceSpending, unitOf } from './catalog/price-spending.ts'
import { storeCatalog } from './catalog/store-catalog.ts'
import { type Customers, createCustomers } from './customers/customers.ts'
import type { Clock, Database } from './database/database.ts'
import { openDatabase } from './database/open-database.ts'
import { createJobs, type Jobs } from './jobs/jobs.ts'
import { zeroCredits } from './kernel/credits.ts'
import { idMaker, type Mode, type Uuid, type WalletOwner, walletId } from './kernel/ids.ts'
import { Recent } from './kernel/recent.ts'
import { Fault, invariant, Refusal } from './kernel/refusal.ts'
import { holdNotFound, keyReused } from './ledger/errors.ts'
import { callerKey } from './ledger/keys.ts'
import { createLedger, type Ledger } from './ledger/ledger.ts'
import { offerTopUp } from './ledger/offer-top-up.ts'
import type { ChargeOperation, Key, Operation } from './ledger/operations.ts'
import type { LotView } from './ledger/read-wallet.ts'
import type {
  BalanceRequest,
  Done,
  EntriesRequest,
  GrantRequest,
  HoldRequest,
  LedgerRequests,
  SpendRequest,
} from './ledger/requests.ts'
import { createLogger, type Log } from './observability/logger.ts'
import type { CheckoutIntent, Order, Orders } from './orders/orders.ts'
import { createOrders } from './orders/orders.ts'
import { createDodoProvider, type DodoOptions } from './providers/dodo/dodo-provider.ts'
import type { PaymentProvider } from './providers/provider.ts'

export interface EngineOptions<C extends CatalogDefinition> {
  /** What `defineCatalog` made, or what `loadCatalog` read. */
  readonly catalog: C | Catalog
  /** A Postgres, or a folder for an embedded one; no folder is a database in memory, for tests. */
  readonly database:
    | { readonly url: string }
    | { readonly dataDir: string | undefined; readonly snapshot?: Blob }
  /** Test credits and live ones never meet. Test unless given. */
  readonly mode?: Mode | undefined
  /** Where packs are sold: settings for Dodo Payments, or a provider made already. Without one nothing can be bought. */
  readonly provider?: { readonly dodo: DodoOptions } | PaymentProvider | undefined
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
  readonly log: Log
  /** The catalog in use. */
  catalog(): Catalog
  /** Stores the catalog and uses it from now on. Holds and orders that were made under another one keep its prices. */
  setCatalog(next: Catalog): Promise<void>
  charge(request: SpendRequest<ActionOf<C>, UnitOf<C>>): Promise<Done>
  hold(request: HoldRequest<ActionOf<C>, UnitOf<C>>): Promise<Done>
  grant(request: GrantRequest<UnitOf<C>>): ReturnType<LedgerRequests['grant']>
  balance(request: BalanceRequest<UnitOf<C>>): ReturnType<LedgerRequests['balance']>
  entries(request: EntriesRequest<UnitOf<C>>): ReturnType<LedgerRequests['entries']>
  readonly customers: Pick<Customers, 'put'>
  readonly orders: SoldOrders<PackOf<C>>
  /** Ends everything that the engine began, after what is in flight. */
  close(): Promise<void>
}

interface SoldOrders<Pack extends string> extends Omit<Orders, 'checkout' | 'resume'> {
  checkout(intent: CheckoutIntent & { readonly pack: Pack }): Promise<Order>
}

/**
 * Opens the database, checks and stores the catalog, and is ready. Keeps nothing outside itself: a process may have several.
 *
 * @throws CatalogError with all that is wrong with the catalog
 * @throws directoryInUse when another process has the data folder open
 */
export async function createEngine<const C extends CatalogDefinition>(
  options: EngineOptions<C>,
): Promise<Engine<C>> {
  const { mode = 'test', log = createLogger({ level: 'warn' }), clock } = options
  const catalog = isChecked(options.catalog)
    ? options.catalog
    : checkCatalog(options.catalog, 'the catalog given to createEngine')
  const provider = await providerOf(options.provider)
  if (provider !== undefined && provider.mode !== mode) {
    const message = `The engine is in ${mode} mode and the payment provider in ${provider.mode} mode: test credits would be sold for money, or the other way round.`
    throw new Fault('provider_settings_wrong', message, { retryable: false })
  }
  const database = await openDatabase({
    ...options.database,
    clock,
    onConnectionError: (err) => {
      log.warn({ err }, 'a database connection broke')
    },
  })
  const opened: (() => Promise<void>)[] = [() => database.close()]
  try {
    const newId = idMaker({ now: () => Date.now(), randomBytes })
    const ledger = await createLedger({ database, newId })
    opened.unshift(() => ledger.close())
    const jobs = createJobs({ database, log })
    opened.unshift(() => jobs.stop())
    return await engineOver({ database, ledger, jobs, provider, mode, log, catalog }, () => closeAll(opened))
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
}

interface CatalogInUse {
  readonly catalog: Catalog
  readonly id: number
}

const holdExpirySeconds = 300

/** Owners never change; one that is forgotten costs a statement. */
const ownersRememberedMax = 50_000

async function engineOver(parts: Parts, close: () => Promise<void>): Promise<Engine> {
  const { database, ledger, jobs, provider, mode, log, catalog: first } = parts
  let inUse = await store(first)
  const ownersByWallet = new Recent<Uuid, WalletOwner>(ownersRememberedMax)
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
    jobs,
    catalog: () => inUse.catalog,
    context: ledger.context,
    log,
  })
  await jobs.start()
  await orders.resume()

  async function store(catalog: Catalog): Promise<CatalogInUse> {
    return { catalog, id: await database.transaction((tx) => storeCatalog(tx, catalog)) }
  }

  async function walletOf(customer: string, unit: string): Promise<{ walletId: Uuid; owner: WalletOwner }> {
    await customers.ensure(customer)
    const owner = { mode, customer, unit }
    const wallet = { walletId: walletId(owner), owner }
    ownersByWallet.set(wallet.walletId, owner)
    return wallet
  }

  /** @throws holdNotFound when there is no such wallet in this mode, and so no hold in it */
  async function ownerOf(wallet: Uuid): Promise<WalletOwner> {
    const owner = ownersByWallet.get(wallet) ?? (await ledger.owner(wallet))
    if (owner === undefined || owner.mode !== mode) throw holdNotFound({})
    ownersByWallet.set(wallet, owner)
    return owner
  }

  async function submit(owner: WalletOwner, idempotencyKey: string, operation: Operation): Promise<Done> {
    try {
      return { walletId: operation.walletId, owner, receipt: await ledger.submit(operation) }
    } catch (error) {
      // The ledger knows keys by their hashes; the caller knows what was sent.
      if (error instanceof Refusal && error.code === keyReused.definition.code)
        throw keyReused({ key: idempotencyKey })
      throw offerTopUp(error, inUse.catalog)
    }
  }

  /** Charging and holding, by what the catalog says now; a key that was bound under an earlier catalog answers what it answered then. */
  async function spend(
    request: SpendRequest,
    kind: 'charge' | 'hold',
    operationOf: (fields: Omit<ChargeOperation, 'kind'>) => Operation,
  ): Promise<Done> {
    const { customer, description, idempotencyKey } = request
    const key: Key = callerKey(idempotencyKey, kind, withoutKey(request))
    const { catalog, id: catalogId } = inUse
    let priced: ReturnType<typeof priceSpending>
    try {
      priced = priceSpending(catalog, request)
    } catch (refusal) {
      const done = await replayUnderAnyUnit(customer, key)
      if (done === undefined) throw refusal
      return done
    }
    const { unit, credits, action } = priced
    const { walletId: wallet, owner } = await walletOf(customer, unit)
    const fields = { walletId: wallet, key, credits, unit, action, description, catalogId }
    return submit(owner, idempotencyKey, operationOf(fields))
  }

  /** The action may have left the catalog since: then its unit is not known any more, and each is asked. */
  async function replayUnderAnyUnit(customer: string, key: Key): Promise<Done | undefined> {
    for (const unit of inUse.catalog.unitsById.keys()) {
      const owner = { mode, customer, unit }
      // oxlint-disable-next-line no-await-in-loop
      const receipt = await ledger.replay(walletId(owner), key)
      if (receipt !== undefined) return { walletId: walletId(owner), owner, receipt }
    }
    return undefined
  }

  return {
    mode,
    log,
    customers,
    catalog: () => inUse.catalog,
    setCatalog: async (next) => {
      inUse = await store(next)
    },

    charge: (request) => spend(request, 'charge', (fields) => ({ kind: 'charge', ...fields })),

    hold: (request) => {
      const timeToLiveMs = (request.expiresInSeconds ?? holdExpirySeconds) * 1000
      return spend(request, 'hold', (fields) => ({ kind: 'hold', timeToLiveMs, ...fields }))
    },

    capture: async (request) => {
      const { hold, credits, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId)
      return submit(owner, idempotencyKey, {
        kind: 'capture',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'capture', withoutKey(request)),
        holdId: hold.id,
        credits,
      })
    },

    release: async (request) => {
      const { hold, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId)
      return submit(owner, idempotencyKey, {
        kind: 'release',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'release', withoutKey(request)),
        holdId: hold.id,
      })
    },

    getHold: async (id) => {
      const view = await ledger.hold(id)
      if (view === undefined || view.owner.mode !== mode) throw holdNotFound({})
      return view
    },

    grant: async (request) => {
      const { customer, source, name, effectiveAt, expiresAt, priority = 0, idempotencyKey } = request
      const credits = positiveCredits(request.credits)
      const { walletId: wallet, owner } = await walletOf(customer, unitOf(inUse.catalog, request.unit))
      const done = await submit(owner, idempotencyKey, {
        kind: 'grant',
        walletId: wallet,
        key: callerKey(idempotencyKey, 'grant', withoutKey(request)),
        owner,
        credits,
        source,
        name,
        priority,
        effectiveAt,
        expiresAt,
        paid: undefined,
        orderId: undefined,
      })
      const { receipt } = done
      const [share] = receipt.shares
      invariant(share, 'a grant brings a lot')
      const lot: LotView = {
        id: share.lotId,
        source,
        name,
        granted: receipt.credits,
        available: share.amount,
        held: zeroCredits,
        effectiveAt: effectiveAt ?? receipt.at,
        expiresAt,
        grantedAt: receipt.at,
      }
      return { ...done, lot }
    },

    balance: async ({ customer, unit }) => {
      const wallet = await walletOf(customer, unitOf(inUse.catalog, unit))
      return { ...wallet, ...(await ledger.balance(wallet.owner)) }
    },

    entries: async ({ customer, unit, limit, before }) => {
      const { walletId: wallet, owner } = await walletOf(customer, unitOf(inUse.catalog, unit))
      return { walletId: wallet, ...(await ledger.entries(owner, { limit, before })) }
    },

    verify: () => ledger.verify(),

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

    close,
  }
}

/** What a key stands for: the request as it was written, without defaults, so that a repetition is the same for good. */
function withoutKey(request: { readonly idempotencyKey: string }): object {
  return { ...request, idempotencyKey: undefined }
}
