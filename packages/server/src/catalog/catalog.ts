import { createHash } from 'node:crypto'
import { type Credits, decimalFromCredits, micros } from '../kernel/credits.ts'
import type { Money } from '../kernel/money.ts'

export interface Unit {
  readonly id: string
  readonly name: string
}

/** Something the app sells, at a flat price. */
export interface Action {
  readonly id: string
  readonly name: string
  readonly unit: string
  readonly credits: Credits
}

/** What is sold once, for money. */
export interface Pack {
  readonly id: string
  readonly name: string
  readonly unit: string
  /** Where the customer chooses the amount, those of the least. */
  readonly credits: Credits
  /** Where the customer chooses the amount, the least of it. */
  readonly price: Money
  /** Undefined where the price is fixed. */
  readonly chosen: ChosenAmount | undefined
  /** The provider's product to sell it as; undefined to have one made. */
  readonly dodoProduct: string | undefined
  /** What brings the credits: the payment, or the provider's own credit system. */
  readonly grantOn: 'payment' | 'entitlement'
}

/** How far the customer may go who chooses what to pay, and what that brings. */
export interface ChosenAmount {
  readonly maxMinor: bigint
  /** For each smallest unit of the currency: exact for every amount. */
  readonly creditsPerMinor: Credits
}

/** What every customer gets once, when first heard of. */
export interface Welcome {
  readonly name: string
  readonly unit: string
  readonly credits: Credits
}

/** What becomes of credits that were spent before the money of their purchase went back: they are owed, or forgiven. */
export type SpentPolicy = 'owe' | 'forgive'

export interface RefundPolicy {
  readonly spent: SpentPolicy
}

export interface DisputePolicy {
  readonly spent: SpentPolicy
  /** Whether a customer with an undecided or lost dispute can start no checkout. */
  readonly block: boolean
}

/** A checked catalog. Never changed: a new one replaces it. */
export interface Catalog {
  /** SHA-256 of its content, in hex. */
  readonly hash: string
  readonly unitsById: ReadonlyMap<string, Unit>
  /** Which is meant where none is named: the first one. */
  readonly defaultUnit: string
  readonly actionsById: ReadonlyMap<string, Action>
  readonly packsById: ReadonlyMap<string, Pack>
  readonly welcome: Welcome | undefined
  /** Whether what is spent of credits that the provider granted is posted there. */
  readonly mirror: boolean
  readonly refunds: RefundPolicy
  readonly disputes: DisputePolicy
  /** What is stored and hashed. */
  readonly body: object
}

export type CatalogContent = Omit<Catalog, 'hash' | 'body' | 'unitsById' | 'actionsById' | 'packsById'> & {
  readonly units: readonly Unit[]
  readonly actions: readonly Action[]
  readonly packs: readonly Pack[]
}

export function catalogOf(content: CatalogContent): Catalog {
  const body = storedForm(content)
  return {
    hash: createHash('sha256').update(JSON.stringify(body)).digest('hex'),
    unitsById: byId(content.units),
    defaultUnit: content.defaultUnit,
    actionsById: byId(content.actions),
    packsById: byId(content.packs),
    welcome: content.welcome,
    mirror: content.mirror,
    refunds: content.refunds,
    disputes: content.disputes,
    body,
  }
}

/** Fields in a fixed order, so that the same content has the same hash; the lists in the order in which they are shown. */
function storedForm(content: CatalogContent): object {
  const { units, actions, packs, welcome, defaultUnit, mirror, refunds, disputes } = content
  return {
    default_unit: defaultUnit,
    units: units.map(({ id, name }) => ({ unit: id, name })),
    actions: actions.map(({ id, name, unit, credits }) => ({
      action: id,
      name,
      unit,
      credits: decimalFromCredits(credits),
    })),
    packs: packs.map(({ id, name, unit, credits, price, chosen, dodoProduct, grantOn }) => ({
      pack: id,
      name,
      unit,
      credits: decimalFromCredits(credits),
      price: { amount_minor: price.amountMinor.toString(), currency: price.currency },
      dodo_product: dodoProduct ?? null,
      // What most packs lack is left out, so that their catalogs keep their hashes.
      ...(chosen === undefined
        ? {}
        : {
            chosen: {
              max_minor: chosen.maxMinor.toString(),
              credits_per_minor: decimalFromCredits(chosen.creditsPerMinor),
            },
          }),
      ...(grantOn === 'payment' ? {} : { grant_on: grantOn }),
    })),
    welcome:
      welcome === undefined
        ? null
        : { name: welcome.name, unit: welcome.unit, credits: decimalFromCredits(welcome.credits) },
    ...(mirror ? { mirror } : {}),
    ...(refunds.spent === 'owe' ? {} : { refunds: { spent: refunds.spent } }),
    ...(disputes.spent === 'owe' && disputes.block
      ? {}
      : { disputes: { spent: disputes.spent, block: disputes.block } }),
  }
}

function byId<Item extends { readonly id: string }>(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [item.id, item]))
}

/** A pack with the amount to pay for it and what that brings. */
export type PackOffer = Pick<Pack, 'id' | 'name' | 'credits' | 'price'>

/**
 * The pack to offer to someone who lacks credits: the one with the fewest that are enough, the cheaper of two alike. Where no fixed price brings enough, the
 * least that can be chosen and does.
 */
export function smallestPackFor(catalog: Catalog, unit: string, missing: Credits): PackOffer | undefined {
  const packs = [...catalog.packsById.values()].filter((pack) => pack.unit === unit)
  const fixed = packs.filter(({ chosen, credits }) => chosen === undefined && credits >= missing)
  const offers = fixed.length > 0 ? fixed : packs.flatMap((pack) => leastChosen(pack, missing) ?? [])
  return offers
    .sort((a, b) => compare(a.credits, b.credits) || compare(a.price.amountMinor, b.price.amountMinor))
    .at(0)
}

function leastChosen({ id, name, price, chosen }: Pack, missing: Credits): PackOffer | undefined {
  if (chosen === undefined) return undefined
  const enough = (missing + chosen.creditsPerMinor - 1n) / chosen.creditsPerMinor
  const amountMinor = enough > price.amountMinor ? enough : price.amountMinor
  if (amountMinor > chosen.maxMinor) return undefined
  return {
    id,
    name,
    credits: micros(chosen.creditsPerMinor * amountMinor),
    price: { amountMinor, currency: price.currency },
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
