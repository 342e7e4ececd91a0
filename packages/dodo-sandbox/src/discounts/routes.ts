import { Hono } from 'hono'
import { z } from 'zod'
import { booleanQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { createDiscountSchema, discountTypes, updateDiscountSchema } from './discount.ts'
import * as queries from './queries.ts'
import { createDiscount, deleteDiscount, updateDiscount } from './write-discount.ts'

const listQuery = z.object({
  ...pageQuery,
  active: booleanQuery,
  code: z.string().optional(),
  discount_type: z.enum(discountTypes).optional(),
  product_id: z.string().optional(),
})

export function discountRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/discounts', (context) => {
    const query = parseQuery(context, listQuery)
    return context.json({ items: store.transaction((tx) => queries.listDiscounts(tx, query)) })
  })
  routes.post('/discounts', async (context) => {
    const input = await parseBody(context, createDiscountSchema)
    return context.json(store.transaction((tx) => createDiscount(tx, input)))
  })
  routes.get('/discounts/code/:code', (context) => {
    const code = context.req.param('code')
    const discount = store.transaction((tx) => queries.findDiscountByCode(tx, code))
    if (!discount) throw notFound('discount code', code)
    return context.json(discount)
  })
  routes.get('/discounts/:id', (context) => {
    const id = context.req.param('id')
    const discount = store.transaction((tx) => queries.findDiscount(tx, id))
    if (!discount) throw notFound('discount', id)
    return context.json(discount)
  })
  routes.patch('/discounts/:id', async (context) => {
    const changes = await parseBody(context, updateDiscountSchema)
    const discountId = context.req.param('id')
    return context.json(store.transaction((tx) => updateDiscount(tx, { discountId, changes })))
  })
  routes.delete('/discounts/:id', (context) => {
    store.transaction((tx) => deleteDiscount(tx, context.req.param('id')))
    return context.body(null, 204)
  })
  return routes
}
