import type { Catalog } from '../catalog/catalog.ts'
import { creditsFromDecimal } from '../kernel/credits.ts'
import { currencyDecimals, type Money } from '../kernel/money.ts'
import type { ListedProduct, PaymentProvider } from '../providers/provider.ts'

/** A product of the dashboard as a pack of the catalog. */
export interface PulledPack {
  /** Its key in `packs`, made from its name. */
  readonly id: string
  readonly product: ListedProduct
  /** A decimal. */
  readonly credits: string
  readonly unit: string | undefined
}

export interface Pulled {
  readonly packs: readonly PulledPack[]
  /** Why the others cannot be packs. */
  readonly leftOut: readonly { readonly product: ListedProduct; readonly why: string }[]
}

/**
 * The products that were made in the provider's dashboard and are for sale, as packs to be written into the catalog; but for those that it has.
 *
 * @throws Fault provider_unavailable, provider_key_refused, provider_refused
 */
export async function pullProducts(
  provider: Pick<PaymentProvider, 'listProducts' | 'describeProduct'>,
  catalog: Catalog,
): Promise<Pulled> {
  const adopted = new Set([...catalog.packsById.values()].map(({ dodoProduct }) => dodoProduct))
  const taken = new Set(catalog.packsById.keys())
  const packs: PulledPack[] = []
  const leftOut: { product: ListedProduct; why: string }[] = []
  for await (const product of provider.listProducts()) {
    if (product.isArchived || product.madeFor !== undefined || adopted.has(product.productId)) continue
    if (product.unusable !== undefined) {
      leftOut.push({ product, why: `it is no pack: ${product.unusable}` })
      continue
    }
    const { credits, unit } = (await provider.describeProduct(product.productId)) ?? {}
    const why = whyNot(catalog, credits, unit)
    if (credits === undefined || why !== undefined) leftOut.push({ product, why: why ?? '' })
    else packs.push({ id: freeId(product.name, taken), product, credits, unit })
  }
  return { packs, leftOut }
}

function whyNot(catalog: Catalog, credits: string | undefined, unit: string | undefined): string | undefined {
  if (credits === undefined)
    return 'it does not say how many credits it brings: set tallystick_credits in its metadata at Dodo, or attach one credit entitlement'
  const amount = creditsFromDecimal(credits)
  if (amount === undefined || amount === 0n)
    return `it brings ${credits} credits, which is not a number above zero with at most six decimals`
  if (unit !== undefined && !catalog.unitsById.has(unit))
    return `its unit ${unit} is not in the catalog: add it to units, or correct tallystick_unit in its metadata`
  return undefined
}

function freeId(name: string, taken: Set<string>): string {
  const wanted =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'pack'
  let id = wanted
  for (let number = 2; taken.has(id); number += 1) id = `${wanted}-${number}`
  taken.add(id)
  return id
}

/** A module of TypeScript that the catalog spreads into its packs: `packs: { ...dodoPacks, … }`. */
export function moduleOf(packs: readonly PulledPack[]): string {
  const lines = packs.map(
    ({ id, product, credits, unit }) =>
      `  ${JSON.stringify(id)}: pack({ ${[
        `name: ${JSON.stringify(product.name)}`,
        `credits: ${/^\d{1,9}$/.test(credits) ? credits : JSON.stringify(credits)}`,
        `price: ${priceOf(product.price)}`,
        ...(unit === undefined ? [] : [`unit: ${JSON.stringify(unit)}`]),
        `dodoProduct: ${JSON.stringify(product.productId)}`,
      ].join(', ')} }),`,
  )
  return [
    '// Products that were made in the Dodo dashboard. `tallystick catalog pull` writes this file anew.',
    "import { money, pack } from 'tallystick'",
    '',
    'export const dodoPacks = {',
    ...lines,
    '}',
    '',
  ].join('\n')
}

function priceOf({ amountMinor, currency }: Money): string {
  const decimals = currencyDecimals(currency)
  return `money(${amountMinor}, '${currency}')${decimals === 0 ? '' : ` /* ${shown(amountMinor, decimals)} */`}`
}

function shown(amountMinor: bigint, decimals: number): string {
  const digits = amountMinor.toString().padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
