import { createHash } from 'node:crypto'
import type { Currency, TaxCategory } from 'dodopayments/resources/misc'
import type { Price, Product, ProductListResponse } from 'dodopayments/resources/products/products'
import { formatMoney, type Money } from '../../kernel/money.ts'
import { type ProductDifference, productMismatch } from '../errors.ts'
import type { DescribedProduct, ListedProduct, PackProduct } from '../provider.ts'
import { callDodo, type Dodo, findAtDodo } from './call-dodo.ts'
import { attachmentsOf, creditDifferences } from './entitlements.ts'

/** By these a product that we made is found again when its id was lost: metadata cannot be searched, so it is looked for in the list. */
const packMetadataKey = 'tallystick_pack'
const fingerprintMetadataKey = 'tallystick_fingerprint'

export interface ProductInput {
  readonly product: PackProduct
  readonly knownId: string | undefined
  readonly fingerprint: string
  readonly taxCategory: TaxCategory
}

/** Of all that a product of ours is made of: when one changes, another product is needed, for what was sold is never edited. */
export function fingerprintOf(product: PackProduct, taxCategory: TaxCategory): string {
  const { name, price, chosenAmount, entitlement } = product
  // What most packs lack is left out, so that their products keep their fingerprints.
  const chosen = chosenAmount === undefined ? [] : ['chosen']
  const attached = entitlement === undefined ? [] : [entitlement.unit, entitlement.credits.toString()]
  const made = JSON.stringify([
    name,
    price.amountMinor.toString(),
    price.currency,
    taxCategory,
    ...chosen,
    ...attached,
  ])
  return createHash('sha256').update(made).digest('hex').slice(0, 32)
}

/** The adopted product, the known one, one found again, or a new one. */
export async function ensureProduct(dodo: Dodo, input: ProductInput): Promise<string> {
  const { product, knownId } = input
  if (product.adopted !== undefined) return checkAdopted(dodo, product, product.adopted)
  if (knownId !== undefined) {
    const known = await findAtDodo(dodo, (client) => client.products.retrieve(knownId))
    if (known !== undefined && allDifferences(product, known).length === 0) return knownId
  }
  return (await findAgain(dodo, input)) ?? createProduct(dodo, input)
}

async function checkAdopted(dodo: Dodo, product: PackProduct, adopted: string): Promise<string> {
  const found: Product | undefined = await findAtDodo(dodo, (client) => client.products.retrieve(adopted))
  const differing =
    found === undefined
      ? [{ what: 'product', inCatalog: adopted, atDodo: 'no such product' }]
      : allDifferences(product, found)
  if (differing.length > 0)
    throw productMismatch({ pack: product.pack, product: adopted, differences: differing })
  return adopted
}

/** In what a product at Dodo is another than the pack's. */
function allDifferences(wanted: PackProduct, product: Product): ProductDifference[] {
  return [...differences(wanted, product.price), ...creditDifferences(wanted.entitlement, product)]
}

/** In what a price at Dodo is another than the pack's. */
function differences(
  { price: wanted, chosenAmount }: Pick<PackProduct, 'price' | 'chosenAmount'>,
  price: Price,
): ProductDifference[] {
  if (price.type !== 'one_time_price')
    return [{ what: 'type', inCatalog: 'one_time_price', atDodo: price.type }]
  const atDodo: Money = { amountMinor: BigInt(Math.round(price.price)), currency: price.currency }
  const found: ProductDifference[] = []
  if (atDodo.currency !== wanted.currency || atDodo.amountMinor !== wanted.amountMinor)
    found.push({ what: 'price', inCatalog: formatMoney(wanted), atDodo: formatMoney(atDodo) })
  if (chosenAmount !== undefined && price.pay_what_you_want !== true)
    found.push({ what: 'price', inCatalog: 'what the customer chooses', atDodo: formatMoney(atDodo) })
  if (chosenAmount === undefined && price.pay_what_you_want === true)
    found.push({ what: 'price', inCatalog: formatMoney(wanted), atDodo: 'what the customer wants to pay' })
  if (price.purchasing_power_parity === true)
    found.push({ what: 'price', inCatalog: formatMoney(wanted), atDodo: "by the customer's country" })
  const discountBps = price.discount_bps ?? (price.discount ?? 0) * 100
  if (discountBps > 0) found.push({ what: 'discount', inCatalog: 'none', atDodo: `${discountBps / 100} %` })
  return found
}

// A hundred a page is the most that Dodo gives; five thousand products are far more than a shop of packs has.
const pageSize = 100
const listedMax = 5000

async function findAgain(dodo: Dodo, { product, fingerprint }: ProductInput): Promise<string | undefined> {
  return callDodo(dodo, async (client) => {
    let listed = 0
    // Without page_number the SDK takes the first page, of index 0, for page 1 and goes on with page 2.
    const products = client.products.list({ page_number: 0, page_size: pageSize, recurring: false })
    for await (const row of products) {
      if (isOurs(row, product, fingerprint)) return row.product_id
      listed += 1
      if (listed >= listedMax) return undefined
    }
    return undefined
  })
}

function isOurs(row: ProductListResponse, product: PackProduct, fingerprint: string): boolean {
  const { metadata, price_detail: price } = row
  return (
    metadata?.[packMetadataKey] === product.pack &&
    metadata[fingerprintMetadataKey] === fingerprint &&
    price !== null &&
    price !== undefined &&
    differences(product, price).length === 0
  )
}

async function createProduct(
  dodo: Dodo,
  { product, fingerprint, taxCategory }: ProductInput,
): Promise<string> {
  const { pack, name, price, chosenAmount, entitlement } = product
  const attachments = await attachmentsOf(dodo, entitlement)
  // Sent once: when its answer is lost, the product is found again by its metadata.
  const created = await callDodo(dodo, (client) =>
    client.products.create(
      {
        name,
        price: {
          type: 'one_time_price',
          currency: price.currency as Currency,
          price: Number(price.amountMinor),
          pay_what_you_want: chosenAmount !== undefined,
          purchasing_power_parity: false,
          discount: 0,
        },
        tax_category: taxCategory,
        ...attachments,
        metadata: { [packMetadataKey]: pack, [fingerprintMetadataKey]: fingerprint },
      },
      { maxRetries: 0 },
    ),
  )
  return created.product_id
}

/** All products, archived ones too, as packs see them. */
export async function* listProducts(dodo: Dodo): AsyncGenerator<ListedProduct> {
  for (const archived of [false, true]) {
    const pages = dodo.client.products.list({ page_number: 0, page_size: pageSize, archived })
    const rows = pages[Symbol.asyncIterator]()
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const next = await callDodo(dodo, () => rows.next())
      if (next.done === true) break
      yield listedFrom(next.value, archived)
    }
  }
}

function listedFrom(row: ProductListResponse, isArchived: boolean): ListedProduct {
  const { metadata, price_detail: price } = row
  const pack = metadata?.[packMetadataKey]
  const fingerprint = metadata?.[fingerprintMetadataKey]
  const madeFor =
    typeof pack === 'string' && typeof fingerprint === 'string' ? { pack, fingerprint } : undefined
  const money: Money = { amountMinor: BigInt(Math.round(row.price ?? 0)), currency: row.currency ?? 'USD' }
  const isChosen = price?.type === 'one_time_price' && price.pay_what_you_want === true
  // Whether a customer may choose is ours to say only of what we made: its fingerprint says whether it is meant.
  const wanted = {
    price: money,
    chosenAmount: isChosen && madeFor !== undefined ? { maxMinor: 0n } : undefined,
  }
  const [problem] = price === null || price === undefined ? [] : differences(wanted, price)
  return {
    productId: row.product_id,
    name: row.name ?? row.product_id,
    price: money,
    isChosen,
    isArchived,
    madeFor,
    unusable: problem === undefined ? undefined : `${problem.what}: ${problem.atDodo}`,
  }
}

/** In the metadata of a product that was made in the dashboard: what one of it brings. */
const creditsMetadataKey = 'tallystick_credits'
const unitMetadataKey = 'tallystick_unit'

/** What a product says of its credits: in its metadata, or by the one credit entitlement that is attached to it. */
export async function describeProduct(dodo: Dodo, productId: string): Promise<DescribedProduct | undefined> {
  const product: Product | undefined = await findAtDodo(dodo, (client) => client.products.retrieve(productId))
  if (product === undefined) return undefined
  const { metadata, credit_entitlements: attached } = product
  const [only, ...others] = attached
  const said = metadata[creditsMetadataKey] ?? (others.length === 0 ? only?.credits_amount : undefined)
  const unit = metadata[unitMetadataKey] ?? (others.length === 0 ? only?.credit_entitlement_unit : undefined)
  return {
    credits: said === undefined ? undefined : String(said),
    unit: unit === undefined ? undefined : String(unit),
  }
}
