import type { Catalog } from '../catalog/catalog.ts'
import { unknownAction } from '../catalog/errors.ts'
import { adjustedCredits, positiveCredits, priceSpending, unitOf } from '../catalog/price-spending.ts'
import {
  formatIdInWallet,
  formatTransactionId,
  type Mode,
  type Uuid,
  type WalletOwner,
  walletId,
} from '../kernel/ids.ts'
import { Recent } from '../kernel/recent.ts'
import { Fault, Refusal } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'
import {
  checkAdjust,
  checkCapture,
  checkCheckpoint,
  checkCustomer,
  checkEntries,
  checkExtend,
  checkGrant,
  checkHold,
  checkHoldId,
  checkInstant,
  checkLotChange,
  checkLotId,
  checkLots,
  checkObject,
  checkOneOf,
  checkPriced,
  checkRefund,
  checkRelease,
  checkRevoke,
  checkSpend,
} from './check-request.ts'
import { chargeNotFound, holdNotFound, keyReused, lotNotFound } from './errors.ts'
import { callerKey } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { countName } from './limits.ts'
import { lotAsGranted } from './lot-view.ts'
import { offerTopUp } from './offer-top-up.ts'
import type {
  CaptureOperation,
  ChargeOperation,
  CheckpointOperation,
  ExtendOperation,
  Key,
  Limit,
  LotOperation,
  Operation,
  Receipt,
  ReleaseOperation,
  RevokeOperation,
} from './operations.ts'
import type {
  AdjustRequest,
  BatchOutcome,
  BatchRequest,
  CaptureRequest,
  CheckpointRequest,
  Done,
  ExtendRequest,
  Granted,
  GrantRequest,
  HoldRequest,
  InWallet,
  LedgerRequests,
  LimitRequest,
  LotRequest,
  RefundRequest,
  ReleaseRequest,
  RevokeRequest,
  SpendRequest,
} from './requests.ts'

export interface ServeRequestsOptions {
  readonly ledger: Ledger
  readonly mode: Mode
  /** The catalog in use, and the number under which it is stored. */
  readonly catalog: () => { readonly catalog: Catalog; readonly id: number }
  /** Resolves once the customer exists. */
  readonly ensureCustomer: (customer: string) => Promise<void>
  /** Whether no charge, no hold and no capture is refused for want of credits or for a limit. */
  readonly observe: boolean
  readonly log: Log
}

/** What a request comes to: an operation of somebody's wallet, or what its key answered under an earlier catalog. */
interface Prepared extends InWallet {
  readonly idempotencyKey: string
  readonly work: { readonly operation: Operation } | { readonly answered: Receipt }
}

type HoldOperations = CaptureOperation | ReleaseOperation | CheckpointOperation | ExtendOperation
type LotOperations = RevokeOperation | LotOperation

/** An operation without what names it: its key, its wallet, its hold or lot. */
type Unnamed<One> = One extends unknown ? Omit<One, 'walletId' | 'key' | 'holdId' | 'lotId'> : never

const holdExpirySeconds = 300

/** Whose a wallet is never changes; one that is forgotten costs a statement. */
const walletsRememberedMax = 50_000

/** What apps ask, as operations of the ledger: priced by the catalog, on the customer's wallet, under the caller's key. */
export function serveRequests(options: ServeRequestsOptions): LedgerRequests {
  const { ledger, mode, ensureCustomer, log } = options
  const ownersByWallet = new Recent<Uuid, WalletOwner>(walletsRememberedMax)
  const walletsByOwner = new Recent<string, InWallet>(walletsRememberedMax)

  const prepare = {
    charge: (request: SpendRequest) => {
      checkSpend(request)
      return prepareSpending(request, 'charge', (fields) => ({ kind: 'charge', ...fields }))
    },

    hold: (request: HoldRequest) => {
      checkHold(request)
      const timeToLiveMs = (request.expiresInSeconds ?? holdExpirySeconds) * 1000
      const { onLapse } = request
      return prepareSpending(request, 'hold', (fields) => ({
        kind: 'hold',
        timeToLiveMs,
        onLapse,
        ...fields,
      }))
    },

    capture: (request: CaptureRequest) => {
      checkCapture(request)
      const { credits, final: isFinal, above } = request
      const isObserved = request.observe === true || options.observe
      return prepareOnHold(request, { kind: 'capture', credits, isFinal, above, isObserved })
    },
    release: (request: ReleaseRequest) => {
      checkRelease(request)
      return prepareOnHold(request, { kind: 'release' })
    },
    checkpoint: (request: CheckpointRequest) => {
      checkCheckpoint(request)
      return prepareOnHold(request, { kind: 'checkpoint', credits: request.credits })
    },
    extend: (request: ExtendRequest) => {
      checkExtend(request)
      return prepareOnHold(request, { kind: 'extend', timeToLiveMs: request.expiresInSeconds * 1000 })
    },

    refund: async (request: RefundRequest): Promise<Prepared> => {
      checkRefund(request)
      const { charge, credits, reason, idempotencyKey } = request
      const owner = await ownerOf(charge.walletId, () => chargeNotFound({}))
      const operation: Operation = {
        kind: 'refund',
        walletId: charge.walletId,
        key: keyOf('refund', request),
        transaction: charge.transaction,
        credits: credits === undefined ? undefined : positiveCredits(credits),
        reason,
      }
      return { walletId: operation.walletId, owner, idempotencyKey, work: { operation } }
    },

    grant: async (request: GrantRequest): Promise<Prepared> => {
      checkGrant(request)
      const {
        customer,
        unit: named,
        idempotencyKey,
        priority = 0,
        effectiveAt,
        expiry,
        paid,
        ...rest
      } = request
      const { catalog } = options.catalog()
      const credits = positiveCredits(request.credits)
      const { walletId: wallet, owner } = await walletOf(customer, unitOf(catalog, named))
      const key = keyOf('grant', inFirstWords(request))
      const refusal = refusalOfScope(catalog, owner.unit, request.scope)
      if (refusal !== undefined) {
        const answered = await replay(wallet, key, idempotencyKey)
        if (answered === undefined) throw refusal
        return { walletId: wallet, owner, idempotencyKey, work: { answered } }
      }
      const operation: Operation = {
        ...rest,
        kind: 'grant',
        walletId: wallet,
        key,
        owner,
        credits,
        priority,
        effectiveAt,
        expiry,
        paid,
        orderId: undefined,
      }
      return { walletId: operation.walletId, owner, idempotencyKey, work: { operation } }
    },

    adjust: async (request: AdjustRequest): Promise<Prepared> => {
      checkAdjust(request)
      const { customer, unit, reason, actor, idempotencyKey } = request
      const credits = adjustedCredits(request.credits)
      const { walletId: wallet, owner } = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      const key = keyOf('adjust', request)
      const operation: Operation = { kind: 'adjust', walletId: wallet, key, owner, credits, reason, actor }
      return { walletId: operation.walletId, owner, idempotencyKey, work: { operation } }
    },

    revoke: (request: RevokeRequest) => {
      checkRevoke(request)
      return prepareOnLot(request, {
        kind: 'revoke',
        credits: request.credits === undefined ? undefined : positiveCredits(request.credits),
        spent: request.spent,
        reason: request.reason,
      })
    },
    freeze: (request: LotRequest) => changeLot(request, 'freeze'),
    unfreeze: (request: LotRequest) => changeLot(request, 'unfreeze'),
    expire: (request: LotRequest) => changeLot(request, 'expire'),
  }

  const batchOperations = Object.keys(prepare)

  /** Charging and holding, by what the catalog says now; a key that was bound under an earlier catalog answers what it answered then. */
  async function prepareSpending(
    request: SpendRequest,
    kind: 'charge' | 'hold',
    operationOf: (fields: Omit<ChargeOperation, 'kind'>) => Operation,
  ): Promise<Prepared> {
    const { customer, description, idempotencyKey } = request
    const key = keyOf(kind, request)
    const { catalog, id: catalogId } = options.catalog()
    let priced: ReturnType<typeof priceSpending>
    try {
      priced = priceSpending(catalog, request)
    } catch (refusal) {
      const answered = await replayUnderAnyUnit(customer, key, idempotencyKey)
      if (answered === undefined) throw refusal
      return answered
    }
    const { unit, credits, action } = priced
    const known = walletOf(customer, unit)
    const { walletId: wallet, owner } = known instanceof Promise ? await known : known
    const operation = operationOf({
      walletId: wallet,
      key,
      owner,
      credits,
      action,
      description,
      catalogId,
      limits: request.limits && limitsOf(request.limits, action),
      isObserved: request.observe === true || options.observe,
    })
    return { walletId: wallet, owner, idempotencyKey, work: { operation } }
  }

  /** The action may have left the catalog since: then its unit is not known any more, and each is asked. */
  async function replayUnderAnyUnit(
    customer: string,
    key: Key,
    idempotencyKey: string,
  ): Promise<Prepared | undefined> {
    for (const unit of options.catalog().catalog.unitsById.keys()) {
      const owner = { mode, customer, unit }
      const wallet = walletId(owner)
      // oxlint-disable-next-line no-await-in-loop
      const answered = await replay(wallet, key, idempotencyKey)
      if (answered !== undefined) return { walletId: wallet, owner, idempotencyKey, work: { answered } }
    }
    return undefined
  }

  async function replay(wallet: Uuid, key: Key, idempotencyKey: string): Promise<Receipt | undefined> {
    try {
      return await ledger.replay(wallet, key)
    } catch (error) {
      throw inCallersWords(error, idempotencyKey)
    }
  }

  async function prepareOnHold(
    request: ReleaseRequest,
    operation: Unnamed<HoldOperations>,
  ): Promise<Prepared> {
    const { hold, idempotencyKey } = request
    const owner = await ownerOf(hold.walletId, () => holdNotFound({}))
    const key = keyOf(operation.kind, request)
    const named = { walletId: hold.walletId, key, holdId: hold.id }
    return { ...named, owner, idempotencyKey, work: { operation: { ...operation, ...named } } }
  }

  function changeLot(request: LotRequest, kind: LotOperation['kind']): Promise<Prepared> {
    checkLotChange(request)
    return prepareOnLot(request, { kind, reason: request.reason })
  }

  async function prepareOnLot(request: LotRequest, operation: Unnamed<LotOperations>): Promise<Prepared> {
    const { lot, idempotencyKey } = request
    const owner = await ownerOf(lot.walletId, () => lotNotFound({}))
    const key = keyOf(operation.kind, request)
    const named = { walletId: lot.walletId, key, lotId: lot.id }
    return { ...named, owner, idempotencyKey, work: { operation: { ...operation, ...named } } }
  }

  /** At once when the wallet was asked about lately, as it is for nearly every charge. */
  function walletOf(customer: string, unit: string): InWallet | Promise<InWallet> {
    return walletsByOwner.get(`${unit}\n${customer}`) ?? findWallet(customer, unit)
  }

  async function findWallet(customer: string, unit: string): Promise<InWallet> {
    await ensureCustomer(customer)
    const owner = { mode, customer, unit }
    const wallet = { walletId: walletId(owner), owner }
    walletsByOwner.set(`${unit}\n${customer}`, wallet)
    ownersByWallet.set(wallet.walletId, owner)
    return wallet
  }

  /** The owner of a wallet that an id names, or what is answered when there is no such wallet in this mode. */
  async function ownerOf(wallet: Uuid, notFound: () => Refusal): Promise<WalletOwner> {
    const owner = ownersByWallet.get(wallet) ?? (await ledger.owner(wallet))
    if (owner === undefined || owner.mode !== mode) throw notFound()
    ownersByWallet.set(wallet, owner)
    return owner
  }

  /** Queues the operation before it returns. */
  async function finish({ walletId: id, owner, idempotencyKey, work }: Prepared): Promise<Done> {
    if ('answered' in work) return { walletId: id, owner, receipt: work.answered }
    try {
      const receipt = await ledger.submit(work.operation)
      if (receipt.wouldRefuse !== undefined) log.info(factsOfObserved(id, receipt), 'would have been refused')
      return { walletId: id, owner, receipt }
    } catch (error) {
      throw offerTopUp(inCallersWords(error, idempotencyKey), options.catalog().catalog)
    }
  }

  const requests: LedgerRequests = {
    charge: async (request) => finish(await prepare.charge(request)),
    hold: async (request) => finish(await prepare.hold(request)),
    capture: async (request) => finish(await prepare.capture(request)),
    release: async (request) => finish(await prepare.release(request)),
    checkpoint: async (request) => finish(await prepare.checkpoint(request)),
    extend: async (request) => finish(await prepare.extend(request)),
    refund: async (request) => finish(await prepare.refund(request)),
    grant: async (request) => granted(request, await finish(await prepare.grant(request))),
    adjust: async (request) => finish(await prepare.adjust(request)),
    revoke: async (request) => finish(await prepare.revoke(request)),
    freeze: async (request) => finish(await prepare.freeze(request)),
    unfreeze: async (request) => finish(await prepare.unfreeze(request)),
    expire: async (request) => finish(await prepare.expire(request)),

    batch: async (all) => {
      // What has to be looked up first is looked up for all, so that then they are queued in their order: on one wallet each finds what the ones before it left.
      const prepared = await Promise.allSettled(all.map(prepareOne))
      const answers = await Promise.allSettled(
        prepared.map((one) => (one.status === 'fulfilled' ? finish(one.value) : Promise.reject(one.reason))),
      )
      return answers.map((answer, index) => {
        if (answer.status === 'fulfilled') return succeeded(all[index], answer.value)
        const error: unknown = answer.reason
        if (!(error instanceof Refusal || error instanceof Fault))
          log.error({ err: error, index }, 'an operation of a batch ended in a bug')
        return { ok: false, error }
      })
    },

    getHold: async (id) => {
      checkHoldId(id)
      const view = await ledger.hold(id)
      if (view === undefined || view.owner.mode !== mode) throw holdNotFound({})
      return view
    },

    getLot: async (id) => {
      checkLotId(id)
      const view = await ledger.lot(id)
      if (view === undefined || view.owner.mode !== mode) throw lotNotFound({})
      return view
    },

    balance: async (request) => {
      checkCustomer(request)
      const { customer, unit } = request
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.balance(wallet.owner)) }
    },

    balanceAt: async (request) => {
      checkCustomer(request)
      const { customer, unit, at } = request
      checkInstant('at', at)
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.balanceAt(wallet.owner, at)) }
    },

    quote: async (request) => {
      checkPriced(request)
      const { catalog } = options.catalog()
      const { unit, credits, action } = priceSpending(catalog, request)
      const wallet = await walletOf(request.customer, unit)
      const quote = await ledger.quote({ owner: wallet.owner, credits, action })
      const refusal =
        quote.refusal === undefined ? undefined : (offerTopUp(quote.refusal, catalog) as Refusal)
      return { ...wallet, ...quote, action, refusal }
    },

    lots: async (request) => {
      checkLots(request)
      const { customer, unit, ...page } = request
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.lots(wallet.owner, page)) }
    },

    entries: async (request) => {
      checkEntries(request)
      const { customer, unit, ...page } = request
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.entries(wallet.owner, page)) }
    },

    verify: () => ledger.verify(),
  }

  async function prepareOne(one: BatchRequest): Promise<Prepared> {
    checkObject('', one)
    const { op, ...request } = one
    checkOneOf('op', op, batchOperations)
    // The union's own tag says which of its fields these are.
    return (prepare[op] as (fields: typeof request) => Promise<Prepared>)(request)
  }

  return requests
}

function succeeded(request: BatchRequest | undefined, done: Done): BatchOutcome {
  return { ok: true, done: request?.op === 'grant' ? granted(request, done) : done }
}

function granted(request: GrantRequest, done: Done): Granted {
  return { ...done, lot: lotAsGranted(request, done.receipt) }
}

/** The ledger knows keys by their hashes; the caller knows what was sent. */
function inCallersWords(error: unknown, idempotencyKey: string): unknown {
  return error instanceof Refusal && error.code === keyReused.definition.code
    ? keyReused({ key: idempotencyKey })
    : error
}

function factsOfObserved(wallet: Uuid, { transaction, hold, wouldRefuse }: Receipt) {
  return {
    transaction: formatTransactionId({ walletId: wallet, transaction }),
    hold: hold && formatIdInWallet('hold', { walletId: wallet, id: hold.id }),
    code: wouldRefuse?.code,
  }
}

/** Of actions that a lot of the unit could never pay for: a slip in a name would make credits that nobody can spend. */
function refusalOfScope(
  { actionsById }: Catalog,
  unit: string,
  scope: readonly string[] | undefined,
): Refusal | undefined {
  const unknown = scope?.find((name) => actionsById.get(name)?.unit !== unit)
  if (unknown === undefined) return undefined
  const known = [...actionsById.values()].filter((action) => action.unit === unit)
  return unknownAction({ name: unknown, unit, known: known.map((action) => action.id) })
}

/** A counter counts once, however often a request names it: then the smallest maximum holds. */
function limitsOf(requests: readonly LimitRequest[], action: string | undefined): Limit[] {
  const byCounter = new Map<string, Limit>()
  for (const request of requests) {
    const limit = limitOf(request, action)
    const same = byCounter.get(countName(limit))
    if (same === undefined || limit.max < same.max) byCounter.set(countName(limit), limit)
  }
  return [...byCounter.values()]
}

function limitOf({ by, id, window, max }: LimitRequest, action: string | undefined): Limit {
  const whose = by === 'action' ? (id ?? action) : id
  return { name: whose === undefined ? by : `${by}:${whose}`, window, max }
}

/** An instant of expiry was a field of its own before there were other ways to say it, and is for the keys that were bound then. */
function inFirstWords({ expiry, ...rest }: GrantRequest) {
  return expiry !== undefined && 'at' in expiry ? { ...rest, expiresAt: expiry.at } : { ...rest, expiry }
}

/** What a key stands for: the request as it was written, without defaults, so that a repetition is the same for good. */
function keyOf(operation: string, request: { readonly idempotencyKey: string }): Key {
  return callerKey(request.idempotencyKey, operation, { ...request, idempotencyKey: undefined })
}
