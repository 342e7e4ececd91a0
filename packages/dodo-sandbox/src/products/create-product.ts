import type { z } from 'zod'
import { resolveAttachments } from '../credit-entitlements/attachment.ts'
import { refuseUncovered } from '../http/parse.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import type { createProductSchema, Product, updateProductSchema } from './product.ts'
import * as queries from './queries.ts'

export type CreateProduct = z.output<typeof createProductSchema>

type Attachments = Pick<
  z.output<typeof updateProductSchema>,
  'addons' | 'digital_product_delivery' | 'entitlements' | 'license_key_enabled'
>

/** Refuses what cannot be attached to a product here yet. */
export function refuseUncoveredAttachments(input: Attachments): void {
  refuseUncovered({
    'add-ons on products': input.addons,
    'digital product delivery': input.digital_product_delivery,
    'entitlements on products': input.entitlements,
    'licence keys on products': input.license_key_enabled,
  })
}

export function createProduct(tx: Transaction, input: CreateProduct): Product {
  refuseUncoveredAttachments(input)
  const business = loadBusiness(tx)
  const now = tx.now.toISOString()
  const product: Product = {
    product_id: tx.newId('pdt'),
    business_id: business.business_id,
    brand_id: input.brand_id ?? business.brand_id,
    name: input.name,
    description: input.description ?? null,
    image: null,
    price: input.price,
    tax_category: input.tax_category,
    is_recurring: input.price.type !== 'one_time_price',
    license_key_enabled: false,
    metadata: input.metadata,
    addons: null,
    credit_entitlements: resolveAttachments(tx, input.credit_entitlements ?? []),
    entitlements: [],
    pricing_mode: input.pricing_mode ?? null,
    product_collection_id: null,
    created_at: now,
    updated_at: now,
  }
  queries.insertProduct(tx, product)
  return product
}
