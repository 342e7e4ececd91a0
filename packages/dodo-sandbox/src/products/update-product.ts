import type { z } from 'zod'
import { resolveAttachments } from '../credit-entitlements/attachment.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { refuseUncoveredAttachments } from './create-product.ts'
import { type Product, type updateProductSchema } from './product.ts'
import * as queries from './queries.ts'

export interface UpdateProduct {
  productId: string
  changes: z.output<typeof updateProductSchema>
}

/** Changes what is given. A session made before keeps the price it was made with. */
export function updateProduct(tx: Transaction, { productId, changes }: UpdateProduct): void {
  const found = queries.findProduct(tx, productId)
  if (!found) throw notFound('product', productId)
  refuseUncoveredAttachments(changes)
  const { product } = found
  const price = changes.price ?? product.price
  const updated: Product = {
    ...product,
    name: changes.name ?? product.name,
    price,
    tax_category: changes.tax_category ?? product.tax_category,
    is_recurring: price.type !== 'one_time_price',
    description: changes.description === undefined ? product.description : changes.description,
    metadata: changes.metadata ?? product.metadata,
    // The list replaces the one before; without one, the credits stay as they are.
    credit_entitlements: changes.credit_entitlements
      ? resolveAttachments(tx, changes.credit_entitlements)
      : product.credit_entitlements,
    brand_id: changes.brand_id ?? product.brand_id,
    pricing_mode: changes.pricing_mode === undefined ? product.pricing_mode : changes.pricing_mode,
    updated_at: tx.now.toISOString(),
  }
  queries.updateProductDocument(tx, updated)
}
