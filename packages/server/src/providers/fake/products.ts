import { createHash } from 'node:crypto'
import { decimalFromCredits } from '../../kernel/credits.ts'
import { formatMoney, type Money } from '../../kernel/money.ts'
import { type ProductDifference, productGone, productMismatch, providerRefused } from '../errors.ts'
import type { DescribedProduct, ListedProduct, PackProduct } from '../provider.ts'
import { ensureEntitlement } from './credits.ts'
import type { FakeProduct, World } from './world.ts'

export function fingerprintOf({ name, price, chosenAmount, entitlement }: PackProduct): string {
  const parts = [name, formatMoney(price), chosenAmount === undefined ? 'fixed' : 'chosen']
  if (entitlement !== undefined) parts.push(entitlement.unit, entitlement.credits.toString())
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)
}

/** The adopted product, the known one, one found again, or a new one. One to be adopted that nobody put there sells what the pack says. */
export function ensureProduct(world: World, wanted: PackProduct, knownId: string | undefined): string {
  const fingerprint = fingerprintOf(wanted)
  if (wanted.adopted !== undefined) return adopt(world, wanted, wanted.adopted)
  const known = world.productsById.get(knownId ?? '')
  if (known !== undefined && !known.isArchived && differences(wanted, known).length === 0)
    return known.productId
  for (const product of world.productsById.values()) {
    const isSame = product.madeFor?.pack === wanted.pack && product.madeFor.fingerprint === fingerprint
    if (isSame && !product.isArchived && differences(wanted, product).length === 0) return product.productId
  }
  const madeFor = { pack: wanted.pack, fingerprint }
  return putOnSale(world, world.nextId('pdt'), { ...wanted, madeFor })
}

function adopt(world: World, wanted: PackProduct, productId: string): string {
  const found = world.productsById.get(productId)
  if (found === undefined) return putOnSale(world, productId, { ...wanted, madeFor: undefined })
  const differing = differences(wanted, found)
  if (differing.length > 0)
    throw productMismatch({ pack: wanted.pack, product: productId, differences: differing })
  return productId
}

type Sold = Pick<FakeProduct, 'name' | 'price' | 'chosenAmount' | 'entitlement' | 'madeFor'> &
  Partial<Pick<FakeProduct, 'isTaxInclusive'>>

function putOnSale(world: World, productId: string, sold: Sold): string {
  const { name, price, chosenAmount, entitlement, madeFor, isTaxInclusive = false } = sold
  if (entitlement !== undefined) ensureEntitlement(world, entitlement.unit)
  world.productsById.set(productId, {
    productId,
    name,
    price,
    chosenAmount,
    entitlement,
    isTaxInclusive,
    isArchived: false,
    madeFor,
  })
  return productId
}

/** As if it was made, or its price changed, in the provider's dashboard. */
export function putProduct(world: World, productId: string, price: Money, isTaxInclusive: boolean): void {
  const known = world.productsById.get(productId)
  putOnSale(world, productId, {
    name: known?.name ?? productId,
    price,
    isTaxInclusive,
    chosenAmount: known?.chosenAmount,
    entitlement: known?.entitlement,
    madeFor: known?.madeFor,
  })
}

function differences(wanted: PackProduct, found: FakeProduct): ProductDifference[] {
  const differing: ProductDifference[] = []
  if (wanted.price.amountMinor !== found.price.amountMinor || wanted.price.currency !== found.price.currency)
    differing.push({
      what: 'price',
      inCatalog: formatMoney(wanted.price),
      atDodo: formatMoney(found.price),
    })
  if ((wanted.chosenAmount === undefined) !== (found.chosenAmount === undefined))
    differing.push({ what: 'price', inCatalog: whoChooses(wanted), atDodo: whoChooses(found) })
  const credits = creditsOf(wanted)
  if (wanted.entitlement !== undefined && credits !== creditsOf(found))
    differing.push({ what: 'credits', inCatalog: credits, atDodo: creditsOf(found) })
  return differing
}

function whoChooses({ chosenAmount }: Pick<PackProduct, 'chosenAmount'>): string {
  return chosenAmount === undefined ? 'fixed' : 'what the customer chooses'
}

function creditsOf({ entitlement }: Pick<PackProduct, 'entitlement'>): string {
  return entitlement === undefined ? 'none' : `${decimalFromCredits(entitlement.credits)} ${entitlement.unit}`
}

/** @throws Fault product_gone, provider_refused */
export function productForSale(world: World, productId: string): FakeProduct {
  const product = world.productsById.get(productId)
  if (product === undefined) throw providerRefused(`there is no product ${productId}`, undefined)
  if (product.isArchived) throw productGone(new Error(`The product ${productId} is archived.`))
  return product
}

/** Those on sale first. */
export function listProducts(world: World): ListedProduct[] {
  const all = [...world.productsById.values()]
  return [...all.filter((one) => !one.isArchived), ...all.filter((one) => one.isArchived)].map(
    ({ productId, name, price, isArchived, madeFor, chosenAmount }) => {
      const isForeign = madeFor === undefined && chosenAmount !== undefined
      const unusable = isForeign ? 'price: what the customer wants to pay' : undefined
      return { productId, name, price, isChosen: chosenAmount !== undefined, isArchived, madeFor, unusable }
    },
  )
}

export function archiveProduct(world: World, productId: string): void {
  const product = world.productsById.get(productId)
  if (product !== undefined) world.productsById.set(productId, { ...product, isArchived: true })
}

export function describeProduct(world: World, productId: string): DescribedProduct | undefined {
  const product = world.productsById.get(productId)
  if (product === undefined) return undefined
  const { entitlement } = product
  return {
    credits: entitlement && decimalFromCredits(entitlement.credits),
    unit: entitlement?.unit,
  }
}
