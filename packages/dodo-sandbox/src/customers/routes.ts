import { Hono } from 'hono'
import { z } from 'zod'
import { instantQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { createCustomer } from './create-customer.ts'
import { createCustomerSchema, updateCustomerSchema } from './customer.ts'
import * as queries from './queries.ts'
import { updateCustomer } from './update-customer.ts'

const listQuery = z.object({
  ...pageQuery,
  email: z.string().optional(),
  name: z.string().optional(),
  created_at_gte: instantQuery,
  created_at_lte: instantQuery,
})

export function customerRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/customers', (context) => {
    const query = parseQuery(context, listQuery)
    return context.json({ items: store.transaction((tx) => queries.listCustomers(tx, query)) })
  })
  routes.post('/customers', async (context) => {
    const input = await parseBody(context, createCustomerSchema)
    return context.json(store.transaction((tx) => createCustomer(tx, input)))
  })
  routes.get('/customers/:id', (context) => {
    const id = context.req.param('id')
    const customer = store.transaction((tx) => queries.findCustomer(tx, id))
    if (!customer) throw notFound('customer', id)
    return context.json(customer)
  })
  routes.patch('/customers/:id', async (context) => {
    const changes = await parseBody(context, updateCustomerSchema)
    return context.json(
      store.transaction((tx) => updateCustomer(tx, { customerId: context.req.param('id'), changes })),
    )
  })
  return routes
}
