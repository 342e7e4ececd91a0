import { Hono } from 'hono'
import { findCustomer } from '../customers/queries.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import * as queries from './queries.ts'
import { removePaymentMethod } from './remove-payment-method.ts'

export function paymentMethodRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/customers/:id/payment-methods', (context) => {
    const customerId = context.req.param('id')
    const items = store.transaction((tx) => {
      if (!findCustomer(tx, customerId)) throw notFound('customer', customerId)
      return queries.listPaymentMethods(tx, customerId).map(({ method }) => method)
    })
    return context.json({ items })
  })
  routes.delete('/customers/:id/payment-methods/:method', (context) => {
    const { id: customerId, method: paymentMethodId } = context.req.param()
    store.transaction((tx) => removePaymentMethod(tx, { customerId, paymentMethodId }))
    return context.body(null, 204)
  })
  return routes
}
