import { type NewId, type WalletOwner, walletId } from '../../../src/kernel/ids.ts'
import { callerKey } from '../../../src/ledger/keys.ts'
import type { Asked, AskedLimit, AskedOperation } from '../checkers/history.ts'
import type { Random } from '../world/random.ts'
import type { World } from '../world/world.ts'
import { Knowledge } from './knowledge.ts'

type Body = Omit<AskedOperation, 'key' | 'walletId'> & Readonly<Record<string, unknown>>

const actions = ['chat', 'image', 'video'] as const

const windows = ['lifetime', 'day', 'week', 'month', 'rolling_hour', 'rolling_day'] as const

const sources = ['purchase', 'plan', 'promotion', 'gift', 'referral'] as const

/** A wallet that the app's clients use, and what they know of it. */
export interface Purse {
  readonly owner: WalletOwner
  readonly walletId: string
  readonly knowledge: Knowledge
}

/** Draws what clients ask for: every operation, on things they were told of, most of it sensible and some of it not. */
export class Workload {
  readonly #world: World
  readonly #random: Random
  readonly #newKey: NewId
  readonly purses: readonly Purse[]
  /** What clients asked for: any of them may ask for it again. */
  readonly asked: Asked[] = []

  constructor(world: World) {
    this.#world = world
    this.#random = world.random
    this.#newKey = world.idMaker(0)
    this.purses = Array.from({ length: world.climate.wallets }, (_, index) => {
      const owner: WalletOwner = {
        mode: 'test',
        customer: `customer_${world.seed}_${index}`,
        unit: 'credits',
      }
      return { owner, walletId: walletId(owner), knowledge: new Knowledge() }
    })
  }

  ask(operation: AskedOperation, about: Partial<Pick<Asked, 'isPoison' | 'isPursued'>> = {}): Asked {
    const asked = this.#world.ask(operation, about)
    this.asked.push(asked)
    return asked
  }

  next(): AskedOperation {
    const purse = this.#random.pick(this.purses)
    return this.operation(purse, this.#body(purse))
  }

  /** As the routes make it: the key is the caller's, and its fingerprint is of the body. */
  operation(purse: Purse, body: Body, keyText: string = this.#newKey()): AskedOperation {
    const key = callerKey(keyText, body.kind, body)
    return { ...body, walletId: purse.walletId, key }
  }

  /** The same key with another body. */
  clash(operation: AskedOperation): AskedOperation {
    const purse =
      this.purses.find((one) => one.walletId === operation.walletId) ?? this.#random.pick(this.purses)
    const { walletId: _, key, ...body } = operation
    const changed = this.#random.chance(0.5)
      ? // Not by one: an adjustment of nothing is refused at the edge.
        { ...body, credits: (operation.credits ?? 0n) + 2n }
      : this.#body(purse)
    return this.operation(purse, changed, key.id)
  }

  /** The same key in another wallet is another key. */
  elsewhere({ kind, key }: AskedOperation): AskedOperation {
    const purse = this.#random.pick(this.purses)
    return this.operation(purse, kind === 'grant' ? this.grant(purse) : this.#charge(purse), key.id)
  }

  /** What the database refuses, or what only a bug of the app's can ask for. */
  poison(): AskedOperation {
    const purse = this.#random.pick(this.purses)
    // Whose a wallet is, is known once it exists.
    if (purse.knowledge.lots.length === 0 || this.#random.chance(0.5))
      return this.operation(purse, { ...this.#charge(purse, 1n), description: 'a\0b' })
    const stranger: WalletOwner = { mode: 'test', customer: 'somebody else', unit: 'credits' }
    return this.operation(purse, { ...this.grant(purse), owner: stranger })
  }

  #body(purse: Purse): Body {
    const { knowledge } = purse
    const { lots, holds, spendings } = knowledge
    if (knowledge.owes && this.#random.chance(0.3)) return this.grant(purse)
    const kind = this.#random.weighted({
      grant: lots.length === 0 ? 40 : 12,
      charge: 26,
      hold: 16,
      capture: holds.length === 0 ? 0 : 14,
      release: holds.length === 0 ? 0 : 5,
      checkpoint: holds.length === 0 ? 0 : 4,
      extend: holds.length === 0 ? 0 : 3,
      refund: spendings.length === 0 ? 0 : 8,
      revoke: lots.length === 0 ? 0 : 4,
      freeze: lots.length === 0 ? 0 : 2,
      unfreeze: lots.length === 0 ? 0 : 3,
      expire: lots.length === 0 ? 0 : 1,
      adjust: 3,
    })
    switch (kind) {
      case 'grant':
        return this.grant(purse)
      case 'charge':
        return this.#charge(purse)
      case 'hold':
        return this.#hold(purse)
      case 'adjust':
        return {
          kind,
          owner: purse.owner,
          credits: this.#random.chance(0.5) ? this.#amount(8) : -this.#amount(8),
          reason: 'a mistake',
          actor: 'operator',
        }
      case 'refund':
        return {
          kind,
          transaction: this.#recent(spendings),
          credits: this.#random.chance(0.5) ? undefined : this.#amount(8),
          reason: undefined,
        }
      case 'revoke':
        return {
          kind,
          lotId: this.#recent(lots),
          credits: this.#random.chance(0.4) ? undefined : this.#amount(12),
          spent: this.#random.pick(['owe', 'forgive', undefined]),
          reason: 'disputed',
        }
      case 'freeze':
      case 'unfreeze':
      case 'expire':
        return { kind, lotId: this.#recent(lots), reason: undefined }
      default:
        return this.#aboutHold(kind, this.#recent(holds))
    }
  }

  grant({ owner }: Purse): Body {
    const random = this.#random
    const now = this.#world.databaseNow().getTime()
    const effectiveAt = random.chance(0.15) ? new Date(now + random.between(-2000, 20_000)) : undefined
    const start = effectiveAt?.getTime() ?? now
    const expiry = random.weighted({ never: 5, soon: 5, days: 1, months: 1, late: 0.3 })
    const expiries = {
      never: undefined,
      soon: { at: new Date(start + random.between(500, 40_000)) },
      days: { afterDays: 1 },
      months: { afterMonths: 1 },
      late: { at: new Date(start - 1) },
    }
    return {
      kind: 'grant',
      owner,
      credits: this.#amount(this.#world.climate.grantMax),
      source: random.pick(sources),
      name: 'A pack, with "quotes", a \\ and {braces}',
      priority: random.between(0, 2),
      effectiveAt,
      expiry: expiries[expiry],
      scope: random.chance(0.2) ? ['image', ...(random.chance(0.5) ? ['chat'] : [])] : undefined,
      repaysDebt: random.chance(0.15) ? random.chance(0.5) : undefined,
      lateReturnDays: random.chance(0.2) ? random.between(1, 2) : undefined,
      metadata: random.chance(0.2) ? { note: 'a "note"' } : undefined,
      paid: undefined,
      orderId: undefined,
    }
  }

  #charge({ owner }: Purse, credits: bigint = this.#amount(this.#world.climate.spendMax)): Body {
    return { kind: 'charge', owner, credits, ...this.#spending() }
  }

  #hold({ owner }: Purse): Body {
    const timeToLiveMs = this.#random.pick([300, 1000, 3000, 10_000, 30_000, 600_000])
    const onLapse = this.#random.pick(['release', 'charge_checkpoint', 'charge_all', undefined] as const)
    return {
      kind: 'hold',
      owner,
      credits: this.#amount(this.#world.climate.spendMax),
      ...this.#spending(),
      timeToLiveMs,
      onLapse,
    }
  }

  #spending() {
    return {
      action: this.#random.chance(0.9) ? this.#random.pick(actions) : undefined,
      description: this.#random.chance(0.1) ? 'said "so", {really}' : undefined,
      catalogId: undefined,
      limits: this.#random.chance(this.#world.climate.limited) ? this.#limits() : undefined,
      isObserved: this.#random.chance(0.06) ? true : undefined,
    }
  }

  #limits(): AskedLimit[] {
    if (this.#world.climate.hasTightLimits)
      return [{ name: 'alice', window: this.#random.pick(['day', 'rolling_hour']), max: 20_000_000n }]
    return Array.from({ length: this.#random.between(1, 2) }, () => ({
      name: this.#random.pick(['alice', 'team']),
      window: this.#random.pick(windows),
      max: BigInt(this.#random.between(10, 60)) * 1_000_000n,
    }))
  }

  #aboutHold(kind: 'capture' | 'release' | 'checkpoint' | 'extend', holdId: string): Body {
    switch (kind) {
      case 'capture':
        return {
          kind,
          holdId,
          credits:
            this.#random.weighted({ all: 3, some: 6, none: 1 }) === 'all' ? undefined : this.#partAmount(),
          isFinal: this.#random.pick([true, false, undefined]),
          above: this.#random.pick(['refuse', 'up_to_spendable', 'owe', 'owe', undefined]),
          isObserved: this.#random.chance(0.2) ? true : undefined,
        }
      case 'release':
        return { kind, holdId }
      case 'checkpoint':
        return { kind, holdId, credits: this.#partAmount() }
      case 'extend':
        return { kind, holdId, timeToLiveMs: this.#random.pick([500, 5000, 20_000]) }
    }
  }

  /** In millionths, up to so many credits: rarely round, for that is where something is lost. */
  #amount(most: number): bigint {
    if (this.#random.chance(0.1)) return 1n
    return BigInt(this.#random.between(1, most * 1_000_000))
  }

  #partAmount(): bigint {
    return this.#random.chance(0.1) ? 0n : this.#amount(8)
  }

  /** Most is done to what is new. */
  #recent<Thing>(things: readonly Thing[]): Thing {
    return this.#random.chance(0.6) ? this.#random.pick(things.slice(-4)) : this.#random.pick(things)
  }
}
