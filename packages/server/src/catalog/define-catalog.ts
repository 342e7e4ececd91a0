/** An amount as the catalog is written: a whole number, or a decimal as text (`'0.5'`). A fraction as a number is a float, and refused. */
export type WrittenAmount = number | string

/** Made by `usd`, `eur` or `money`. */
export type WrittenPrice =
  | { readonly amount: WrittenAmount; readonly currency: string }
  | { readonly amountMinor: number; readonly currency: string }

/** Made by `chosen`. */
export interface WrittenChosenPrice {
  /** What the pack's `credits` are for. */
  readonly per: WrittenPrice
  readonly min: WrittenPrice
  readonly max: WrittenPrice
}

export interface UnitDefinition {
  /** Shown to people; made from the key unless given. */
  readonly name?: string
}

export interface ActionDefinition<Unit extends string = string> {
  readonly name?: string
  readonly credits: WrittenAmount
  /** The first unit unless given. */
  readonly unit?: Unit
}

export interface PackDefinition<Unit extends string = string> {
  readonly name?: string
  /** In all; with a chosen price, for each `per` of it. */
  readonly credits: WrittenAmount
  readonly price: WrittenPrice | WrittenChosenPrice
  /** The first unit unless given. */
  readonly unit?: Unit
  /** A product that exists at Dodo Payments, `pdt_…`, to sell the pack as. One is made unless given. */
  readonly dodoProduct?: string
  /**
   * What brings the credits of a purchase: the payment itself (`payment`, unless given), or Dodo's own credit entitlement that is attached to the product
   * (`entitlement`). docs/dodo.md says when to choose which.
   */
  readonly grantOn?: 'payment' | 'entitlement'
}

export interface WelcomeDefinition<Unit extends string = string> {
  readonly credits: WrittenAmount
  readonly name?: string
  readonly unit?: Unit
}

export interface RefundsDefinition {
  /** What becomes of credits that were spent before their purchase was refunded: owed (unless given), or forgiven. */
  readonly spent?: 'owe' | 'forgive'
}

export interface DisputesDefinition {
  /** What becomes of credits that were spent before the dispute of their purchase was lost: owed (unless given), or forgiven. */
  readonly spent?: 'owe' | 'forgive'
  /** Whether a customer with an undecided or lost dispute can start no checkout until it is won or somebody lifts that. True unless given. */
  readonly block?: boolean
}

/** What `tallystick.config.ts` exports: its type carries the names of units, actions and packs. */
export interface CatalogDefinition<
  Unit extends string = string,
  Action extends string = string,
  Pack extends string = string,
> {
  readonly units: { readonly [Name in Unit]: UnitDefinition }
  readonly actions: { readonly [Name in Action]: ActionDefinition<NoInfer<Unit>> }
  readonly packs?: { readonly [Name in Pack]: PackDefinition<NoInfer<Unit>> }
  /** What every customer gets once, when first heard of. */
  readonly welcome?: WelcomeDefinition<NoInfer<Unit>>
  /**
   * Whether what is spent of credits that Dodo granted is posted to Dodo's ledger, so that its portal shows what is left. Ours stays the authority. False
   * unless given.
   */
  readonly mirror?: boolean
  readonly refunds?: RefundsDefinition
  readonly disputes?: DisputesDefinition
}

/**
 * Declares the catalog. The names flow into the engine's and the client's types, so that an unknown action does not compile; the
 * values are checked when the server starts.
 */
export function defineCatalog<
  const Unit extends string,
  const Action extends string,
  const Pack extends string = never,
>(definition: CatalogDefinition<Unit, Action, Pack>): CatalogDefinition<Unit, Action, Pack> {
  return definition
}

/** A pack, sold once for money. */
export function pack<const Unit extends string = never>(
  definition: PackDefinition<Unit>,
): PackDefinition<Unit> {
  return definition
}

/** The customer chooses what to pay: `credits: 10, price: chosen({ per: usd(1), min: usd(5), max: usd(500) })` is ten credits a dollar. */
export function chosen(price: WrittenChosenPrice): WrittenChosenPrice {
  return price
}

/** US dollars: `usd(10)`, `usd('9.99')`. */
export function usd(amount: WrittenAmount): WrittenPrice {
  return { amount, currency: 'USD' }
}

/** Euros: `eur(10)`, `eur('9.99')`. */
export function eur(amount: WrittenAmount): WrittenPrice {
  return { amount, currency: 'EUR' }
}

/** Any currency, in its smallest unit: `money(999, 'USD')` is 9.99 USD, `money(1500, 'JPY')` is 1500 yen. */
export function money(amountMinor: number, currency: string): WrittenPrice {
  return { amountMinor, currency }
}
