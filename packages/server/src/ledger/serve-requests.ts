import type { Catalog } from '../catalog/catalog.ts'
import { positiveCredits, priceSpending, unitOf } from '../catalog/price-spending.ts'
import { type Mode, type Uuid, type WalletOwner, walletId } from '../kernel/ids.ts'
import { Recent } from '../kernel/recent.ts'
import { invariant, Refusal } from '../kernel/refusal.ts'
import { chargeNotFound, holdNotFound, keyReused, lotNotFound } from './errors.ts'
import { callerKey } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { offerTopUp } from './offer-top-up.ts'
import type { Key, Limit, LotOperation, Operation } from './operations.ts'
import type {
  BatchOutcome,
  BatchRequest,
  Done,
  Granted,
  GrantRequest,
  HoldRequest,
  InWallet,
  LedgerRequests,
  LimitRequest,
  LotRequest,
} from './requests.ts'

export interface ServeRequestsOptions {
  readonly ledger: Ledger
  readonly mode: Mode
  /** The catalog in use, and the number under which it is stored. */
  readonly catalog: () => { readonly catalog: Catalog; readonly id: number }
  /** Resolves once the customer exists. */
  readonly ensureCustomer: (customer: string) => Promise<void>
  /** Whether no charge and no hold is refused for want of credits or for a limit. */
  readonly observe: boolean
}

const holdExpirySeconds = 300

/** Whose a wallet is never changes; one that is forgotten costs a statement. */
const walletsRememberedMax = 50_000

/** What apps ask, as operations of the ledger: priced by the catalog, on the customer's wallet, under the caller's key. */
export function serveRequests(options: ServeRequestsOptions): LedgerRequests {
  const { ledger, mode, ensureCustomer } = options
  const ownersByWallet = new Recent<Uuid, WalletOwner>(walletsRememberedMax)
  const walletsByOwner = new Recent<string, InWallet>(walletsRememberedMax)

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

  async function submit(owner: WalletOwner, idempotencyKey: string, operation: Operation): Promise<Done> {
    try {
      return { walletId: operation.walletId, owner, receipt: await ledger.submit(operation) }
    } catch (error) {
      // The ledger knows keys by their hashes; the caller knows what was sent.
      if (error instanceof Refusal && error.code === keyReused.definition.code)
        throw keyReused({ key: idempotencyKey })
      throw offerTopUp(error, options.catalog().catalog)
    }
  }

  /** Charging and holding, by what the catalog says now; a key that was bound under an earlier catalog answers what it answered then. */
  async function spend(request: HoldRequest, kind: 'charge' | 'hold'): Promise<Done> {
    const { customer, idempotencyKey, description } = request
    const key = callerKey(idempotencyKey, kind, withoutKey(request))
    const { catalog, id: catalogId } = options.catalog()
    let priced: ReturnType<typeof priceSpending>
    try {
      priced = priceSpending(catalog, request)
    } catch (refusal) {
      const done = await replayUnderAnyUnit(customer, key)
      if (done === undefined) throw refusal
      return done
    }
    const { unit, credits, action } = priced
    const known = walletOf(customer, unit)
    const { walletId: wallet, owner } = known instanceof Promise ? await known : known
    const limits = request.limits?.map((limit) => limitOf(limit, action))
    const isObserved = request.observe ?? options.observe
    const fields = {
      walletId: wallet,
      key,
      owner,
      credits,
      action,
      description,
      catalogId,
      limits,
      isObserved,
    }
    return submit(
      owner,
      idempotencyKey,
      kind === 'charge' ? { kind, ...fields } : { kind, ...fields, ...lapseOf(request) },
    )
  }

  /** The action may have left the catalog since: then its unit is not known any more, and each is asked. */
  async function replayUnderAnyUnit(customer: string, key: Key): Promise<Done | undefined> {
    for (const unit of options.catalog().catalog.unitsById.keys()) {
      const owner = { mode, customer, unit }
      // oxlint-disable-next-line no-await-in-loop
      const receipt = await ledger.replay(walletId(owner), key)
      if (receipt !== undefined) return { walletId: walletId(owner), owner, receipt }
    }
    return undefined
  }

  async function grant(request: GrantRequest): Promise<Granted> {
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
    const credits = positiveCredits(request.credits)
    const { walletId: wallet, owner } = await walletOf(customer, unitOf(options.catalog().catalog, named))
    const done = await submit(owner, idempotencyKey, {
      ...rest,
      kind: 'grant',
      walletId: wallet,
      key: callerKey(idempotencyKey, 'grant', withoutKey(request)),
      owner,
      credits,
      priority,
      effectiveAt,
      expiry,
      paid,
      orderId: undefined,
    })
    const [share] = done.receipt.shares
    invariant(share, 'a grant brings a lot')
    const lot = (await ledger.lots(wallet, [share.lotId])).get(share.lotId)
    invariant(lot, 'a granted lot is stored')
    return { ...done, lot: { ...lot, available: share.amount } }
  }

  async function changeLot(kind: LotOperation['kind'], request: LotRequest): Promise<Done> {
    const { lot, reason, idempotencyKey } = request
    const owner = await ownerOf(lot.walletId, () => lotNotFound({}))
    return submit(owner, idempotencyKey, {
      kind,
      walletId: lot.walletId,
      key: callerKey(idempotencyKey, kind, withoutKey(request)),
      lotId: lot.id,
      reason,
    })
  }

  const requests: LedgerRequests = {
    charge: (request) => spend(request, 'charge'),

    hold: (request) => spend(request, 'hold'),

    capture: async (request) => {
      const { hold, credits, final, above, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId, () => holdNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'capture',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'capture', withoutKey(request)),
        holdId: hold.id,
        credits,
        isFinal: final,
        above,
      })
    },

    release: async (request) => {
      const { hold, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId, () => holdNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'release',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'release', withoutKey(request)),
        holdId: hold.id,
      })
    },

    checkpoint: async (request) => {
      const { hold, credits, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId, () => holdNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'checkpoint',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'checkpoint', withoutKey(request)),
        holdId: hold.id,
        credits,
      })
    },

    extend: async (request) => {
      const { hold, expiresInSeconds, idempotencyKey } = request
      const owner = await ownerOf(hold.walletId, () => holdNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'extend',
        walletId: hold.walletId,
        key: callerKey(idempotencyKey, 'extend', withoutKey(request)),
        holdId: hold.id,
        timeToLiveMs: expiresInSeconds * 1000,
      })
    },

    getHold: async (id) => {
      const view = await ledger.hold(id)
      if (view === undefined || view.owner.mode !== mode) throw holdNotFound({})
      return view
    },

    refund: async (request) => {
      const { charge, reason, idempotencyKey } = request
      const owner = await ownerOf(charge.walletId, () => chargeNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'refund',
        walletId: charge.walletId,
        key: callerKey(idempotencyKey, 'refund', withoutKey(request)),
        transaction: charge.transaction,
        credits: request.credits === undefined ? undefined : positiveCredits(request.credits),
        reason,
      })
    },

    grant,

    adjust: async (request) => {
      const { customer, credits, reason, actor, idempotencyKey } = request
      const { walletId: wallet, owner } = await walletOf(
        customer,
        unitOf(options.catalog().catalog, request.unit),
      )
      return submit(owner, idempotencyKey, {
        kind: 'adjust',
        walletId: wallet,
        key: callerKey(idempotencyKey, 'adjust', withoutKey(request)),
        owner,
        credits,
        reason,
        actor,
      })
    },

    revoke: async (request) => {
      const { lot, spent, reason, idempotencyKey } = request
      const owner = await ownerOf(lot.walletId, () => lotNotFound({}))
      return submit(owner, idempotencyKey, {
        kind: 'revoke',
        walletId: lot.walletId,
        key: callerKey(idempotencyKey, 'revoke', withoutKey(request)),
        lotId: lot.id,
        credits: request.credits === undefined ? undefined : positiveCredits(request.credits),
        spent,
        reason,
      })
    },

    freeze: (request) => changeLot('freeze', request),
    unfreeze: (request) => changeLot('unfreeze', request),
    expire: (request) => changeLot('expire', request),

    batch: async (all) => {
      const answers = await Promise.allSettled(all.map(one))
      return answers.map(
        (answer): BatchOutcome =>
          answer.status === 'fulfilled'
            ? { ok: true, done: answer.value }
            : { ok: false, error: answer.reason },
      )
    },

    balance: async ({ customer, unit }) => {
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.balance(wallet.owner)) }
    },

    balanceAt: async ({ customer, unit, at }) => {
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.balanceAt(wallet.owner, at)) }
    },

    quote: async (request) => {
      const { catalog } = options.catalog()
      const { unit, credits, action } = priceSpending(catalog, request)
      const wallet = await walletOf(request.customer, unit)
      const quote = await ledger.quote({ owner: wallet.owner, credits, action })
      const refusal =
        quote.refusal === undefined ? undefined : (offerTopUp(quote.refusal, catalog) as Refusal)
      return { ...wallet, ...quote, refusal }
    },

    entries: async ({ customer, unit, ...page }) => {
      const wallet = await walletOf(customer, unitOf(options.catalog().catalog, unit))
      return { ...wallet, ...(await ledger.entries(wallet.owner, page)) }
    },

    verify: () => ledger.verify(),
  }

  function one(request: BatchRequest): Promise<Done> {
    const { op, ...rest } = request
    // The union's own tag says which of its fields these are.
    return (requests[op] as (fields: typeof rest) => Promise<Done>)(rest)
  }

  return requests
}

function lapseOf({
  expiresInSeconds = holdExpirySeconds,
  onLapse,
}: Pick<HoldRequest, 'expiresInSeconds' | 'onLapse'>) {
  return { timeToLiveMs: expiresInSeconds * 1000, onLapse }
}

function limitOf({ by, id, window, max }: LimitRequest, action: string | undefined): Limit {
  const whose = by === 'action' ? (id ?? action) : id
  return { name: whose === undefined ? by : `${by}:${whose}`, window, max }
}

/** What a key stands for: the request as it was written, without defaults, so that a repetition is the same for good. */
function withoutKey(request: { readonly idempotencyKey: string }): object {
  return { ...request, idempotencyKey: undefined }
}
