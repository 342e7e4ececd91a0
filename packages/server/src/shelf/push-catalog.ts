import type { Catalog, Pack } from '../catalog/catalog.ts'
import type { Database } from '../database/database.ts'
import { Refusal } from '../kernel/refusal.ts'
import { productOfPack } from '../orders/order.ts'
import * as orders from '../orders/queries.ts'
import type { ListedProduct, PaymentProvider } from '../providers/provider.ts'
import { type PushStep, planPush } from './plan-push.ts'

export interface PushCatalog {
  readonly database: Database
  readonly provider: PaymentProvider
  readonly catalog: Catalog
  /** Looks, and changes nothing. */
  readonly isDryRun: boolean
  /** Told after each step. */
  readonly tell?: ((done: PushedStep) => void) | undefined
}

export interface PushedStep {
  readonly step: PushStep
  /** Of what was created; of a dry run, none. */
  readonly productId: string | undefined
  /** What is wrong with an adopted product, in a sentence. */
  readonly problem: string | undefined
}

/**
 * Brings the provider's products in line with the catalog. New products are made, and known here, before old ones are archived, so that every
 * pack can be bought at any moment. May be repeated, also after it was cut off.
 *
 * @throws Fault provider_unavailable, provider_key_refused, provider_refused
 */
export async function pushCatalog(input: PushCatalog): Promise<PushedStep[]> {
  const { provider, catalog, isDryRun, tell } = input
  const products: ListedProduct[] = []
  for await (const product of provider.listProducts()) products.push(product)
  const steps = planPush({
    catalog,
    products,
    fingerprintOf: (product) => provider.productFingerprint(product),
  })
  const done: PushedStep[] = []
  for (const step of steps) {
    // In their order: a new product first, the old one after it.
    // oxlint-disable-next-line no-await-in-loop
    const pushed = await take(input, step, isDryRun)
    done.push(pushed)
    tell?.(pushed)
  }
  return done
}

async function take(input: PushCatalog, step: PushStep, isDryRun: boolean): Promise<PushedStep> {
  switch (step.kind) {
    case 'keep':
      if (!isDryRun) await note(input, step.pack, step.productId)
      return { step, productId: step.productId, problem: undefined }
    case 'check':
      return { step, productId: step.productId, problem: await problemOf(input, step.pack) }
    case 'create': {
      if (isDryRun) return { step, productId: undefined, problem: undefined }
      const productId = await input.provider.ensureProduct(productOfPack(step.pack, input.catalog), undefined)
      await note(input, step.pack, productId)
      return { step, productId, problem: undefined }
    }
    case 'archive':
      if (!isDryRun) await archive(input, step.product)
      return { step, productId: step.product.productId, problem: undefined }
  }
}

/** So that a checkout sells it, and a payment that comes by itself is known to be of it. */
async function note(
  { database, provider, catalog }: PushCatalog,
  pack: Pack,
  productId: string,
): Promise<void> {
  const product = productOfPack(pack, catalog)
  const entitlementId = product.entitlement && (await provider.ensureEntitlement(product.entitlement))
  const { name, mode } = provider
  await database.transaction(async (tx) => {
    const key = { provider: name, mode, pack: pack.id, fingerprint: provider.productFingerprint(product) }
    await orders.putProductId(tx, key, productId, {
      pack: pack.id,
      packName: pack.name,
      unit: pack.unit,
      credits: pack.credits,
      price: pack.price,
      mostMinor: pack.chosen?.maxMinor,
      grantOn: pack.grantOn,
    })
    if (entitlementId !== undefined)
      await orders.putEntitlement(tx, { provider: name, mode, unit: pack.unit }, entitlementId)
  })
}

async function problemOf({ provider, catalog }: PushCatalog, pack: Pack): Promise<string | undefined> {
  try {
    await provider.ensureProduct(productOfPack(pack, catalog), undefined)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

/** Not sold here first: a checkout that begins meanwhile makes or finds the new one. */
async function archive({ database, provider }: PushCatalog, { productId }: ListedProduct): Promise<void> {
  const { name, mode } = provider
  await database.transaction((tx) => orders.archiveProductId(tx, { provider: name, mode, productId }))
  await provider.archiveProduct(productId)
}
