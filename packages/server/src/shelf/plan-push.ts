import type { Catalog, Pack } from '../catalog/catalog.ts'
import { formatMoney } from '../kernel/money.ts'
import { productOfPack } from '../orders/order.ts'
import type { ListedProduct, PackProduct } from '../providers/provider.ts'

/** What a push does about one product, in the order in which it is done. */
export type PushStep =
  /** It is there, and sells what the pack says. */
  | { readonly kind: 'keep'; readonly pack: Pack; readonly productId: string }
  | { readonly kind: 'create'; readonly pack: Pack; readonly instead: ListedProduct | undefined }
  /** Made in the dashboard, and named by the pack. Whether it fits is asked of the provider. */
  | { readonly kind: 'check'; readonly pack: Pack; readonly productId: string }
  /** What it sold is sold as another product now, or no longer. */
  | { readonly kind: 'archive'; readonly product: ListedProduct; readonly why: string }

export interface PlanPush {
  readonly catalog: Catalog
  readonly products: readonly ListedProduct[]
  readonly fingerprintOf: (product: PackProduct) => string
}

/**
 * The difference between the catalog and the products that the provider has. What was sold is never edited: a pack whose price, name or credits
 * changed becomes another product, and its old one is archived. Products that were not made for a pack are left alone.
 */
export function planPush({ catalog, products, fingerprintOf }: PlanPush): PushStep[] {
  const ours = products.filter(({ madeFor, isArchived }) => madeFor !== undefined && !isArchived)
  const kept = new Set<string>()
  const wanted = [...catalog.packsById.values()].map((pack): PushStep => {
    if (pack.dodoProduct !== undefined) return { kind: 'check', pack, productId: pack.dodoProduct }
    const product = productOfPack(pack, catalog)
    const fingerprint = fingerprintOf(product)
    const made = ours.filter(({ madeFor }) => madeFor?.pack === pack.id)
    const same = made.find(
      (one) => one.madeFor?.fingerprint === fingerprint && one.unusable === undefined && sells(one, product),
    )
    if (same === undefined) return { kind: 'create', pack, instead: made[0] }
    kept.add(same.productId)
    return { kind: 'keep', pack, productId: same.productId }
  })
  const archived = ours
    .filter(({ productId }) => !kept.has(productId))
    .map((product): PushStep => ({ kind: 'archive', product, why: whyArchived(product) }))
  return [...wanted, ...archived]

  function whyArchived(made: ListedProduct): string {
    const { madeFor } = made
    const pack = madeFor && catalog.packsById.get(madeFor.pack)
    if (pack === undefined) return `the catalog has no pack ${madeFor?.pack ?? ''} any more`
    if (pack.dodoProduct !== undefined) return `the pack ${pack.id} is sold as ${pack.dodoProduct} now`
    const product = productOfPack(pack, catalog)
    return madeFor?.fingerprint === fingerprintOf(product) && !sells(made, product)
      ? `it was edited there, and the pack ${pack.id} sells for ${priceText(product)}`
      : `the pack ${pack.id} is sold as another product now`
  }
}

/** Whether it is still sold for what it was made to be sold for: in the provider's dashboard anybody may have edited it. */
function sells({ price, isChosen }: ListedProduct, product: PackProduct): boolean {
  return (
    price.amountMinor === product.price.amountMinor &&
    price.currency === product.price.currency &&
    isChosen === (product.chosenAmount !== undefined)
  )
}

function priceText({ price, chosenAmount }: PackProduct): string {
  return chosenAmount === undefined
    ? formatMoney(price)
    : `what the customer chooses, from ${formatMoney(price)}`
}
