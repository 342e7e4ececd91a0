import { Hono } from 'hono'
import { z } from 'zod'
import { booleanQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { archiveProduct, unarchiveProduct } from './archive-product.ts'
import { createProduct } from './create-product.ts'
import { createProductSchema, productListRow, updateProductSchema } from './product.ts'
import * as queries from './queries.ts'
import { updateProduct } from './update-product.ts'

const listQuery = z.object({
  ...pageQuery,
  archived: booleanQuery,
  brand_id: z.string().optional(),
  recurring: booleanQuery,
})

export function productRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/products', (context) => {
    const { archived = false, ...query } = parseQuery(context, listQuery)
    const products = store.transaction((tx) => queries.listProducts(tx, { ...query, archived }))
    return context.json({ items: products.map(productListRow) })
  })
  routes.post('/products', async (context) => {
    const input = await parseBody(context, createProductSchema)
    return context.json(store.transaction((tx) => createProduct(tx, input)))
  })
  routes.get('/products/:id', (context) => {
    const id = context.req.param('id')
    const found = store.transaction((tx) => queries.findProduct(tx, id))
    if (!found) throw notFound('product', id)
    return context.json(found.product)
  })
  routes.patch('/products/:id', async (context) => {
    const changes = await parseBody(context, updateProductSchema)
    store.transaction((tx) => updateProduct(tx, { productId: context.req.param('id'), changes }))
    return context.body(null, 200)
  })
  routes.delete('/products/:id', (context) => {
    store.transaction((tx) => archiveProduct(tx, context.req.param('id')))
    return context.body(null, 200)
  })
  routes.post('/products/:id/unarchive', (context) => {
    store.transaction((tx) => unarchiveProduct(tx, context.req.param('id')))
    return context.body(null, 200)
  })
  return routes
}
