import { Hono } from 'hono'
import { z } from 'zod'
import * as customers from '../customers/queries.ts'
import { booleanQuery, instantQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { creditsFromDecimal } from '../kernel/credits.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store, Transaction } from '../store/store.ts'
import { checkPrecision } from './attachment.ts'
import { createLedgerEntrySchema, grantStatuses } from './balance.ts'
import * as balances from './balance-queries.ts'
import {
  createEntitlement,
  deleteEntitlement,
  undeleteEntitlement,
  updateEntitlement,
} from './change-entitlement.ts'
import { createLedgerEntry } from './create-ledger-entry.ts'
import {
  type CreditEntitlement,
  createEntitlementSchema,
  creditsSchema,
  updateEntitlementSchema,
} from './credit-entitlement.ts'
import * as queries from './queries.ts'
import { useCredits } from './use-credits.ts'

const listQuery = z.object({ ...pageQuery, deleted: booleanQuery })
const balancesQuery = z.object({ ...pageQuery, customer_id: z.string().optional() })
const grantsQuery = z.object({ ...pageQuery, status: z.enum(grantStatuses).optional() })
const ledgerQuery = z.object({
  ...pageQuery,
  transaction_type: z.string().optional(),
  start_date: instantQuery,
  end_date: instantQuery,
})

export function creditEntitlementRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/credit-entitlements', (context) => {
    const { deleted = false, ...page } = parseQuery(context, listQuery)
    return context.json({
      items: store.transaction((tx) => queries.listEntitlements(tx, { ...page, deleted })),
    })
  })
  routes.post('/credit-entitlements', async (context) => {
    const input = await parseBody(context, createEntitlementSchema)
    return context.json(
      store.transaction((tx) => createEntitlement(tx, input)),
      201,
    )
  })
  routes.get('/credit-entitlements/:id', (context) =>
    context.json(store.transaction((tx) => entitlementOf(tx, context.req.param('id')))),
  )
  routes.patch('/credit-entitlements/:id', async (context) => {
    const changes = await parseBody(context, updateEntitlementSchema)
    store.transaction((tx) => updateEntitlement(tx, { entitlementId: context.req.param('id'), changes }))
    return context.body(null, 200)
  })
  routes.delete('/credit-entitlements/:id', (context) => {
    store.transaction((tx) => deleteEntitlement(tx, context.req.param('id')))
    return context.body(null, 200)
  })
  routes.post('/credit-entitlements/:id/undelete', (context) => {
    store.transaction((tx) => undeleteEntitlement(tx, context.req.param('id')))
    return context.body(null, 200)
  })

  routes.get('/credit-entitlements/:id/balances', (context) => {
    const query = parseQuery(context, balancesQuery)
    const items = store.transaction((tx) => {
      const { id } = entitlementOf(tx, context.req.param('id'))
      return balances.listBalances(tx, { ...query, entitlementId: id })
    })
    return context.json({ items })
  })
  routes.get('/credit-entitlements/:id/balances/:customer', (context) => {
    const { id, customer } = context.req.param()
    const balance = store.transaction((tx) => {
      entitlementOf(tx, id)
      return balances.findBalance(tx, { entitlementId: id, customerId: customer })
    })
    if (!balance) throw notFound('credit balance of customer', customer)
    return context.json(balance)
  })
  routes.get('/credit-entitlements/:id/balances/:customer/grants', (context) => {
    const query = parseQuery(context, grantsQuery)
    const { id, customer } = context.req.param()
    const items = store.transaction((tx) => {
      entitlementOf(tx, id)
      return balances.listGrants(tx, { ...query, entitlementId: id, customerId: customer })
    })
    return context.json({ items })
  })
  routes.get('/credit-entitlements/:id/balances/:customer/ledger', (context) => {
    const query = parseQuery(context, ledgerQuery)
    const { id, customer } = context.req.param()
    const items = store.transaction((tx) => {
      entitlementOf(tx, id)
      return balances.listLedger(tx, { ...query, entitlementId: id, customerId: customer })
    })
    return context.json({ items })
  })
  routes.post('/credit-entitlements/:id/balances/:customer/ledger-entries', async (context) => {
    const body = await parseBody(context, createLedgerEntrySchema)
    const { id, customer } = context.req.param()
    const entry = store.transaction((tx) =>
      createLedgerEntry(tx, { entitlementId: id, customerId: customer, body }),
    )
    return context.json(entry, 201)
  })

  routes.get('/customers/:id/credit-entitlements', (context) => {
    const id = context.req.param('id')
    const items = store.transaction((tx) => {
      if (!customers.findCustomer(tx, id)) throw notFound('customer', id)
      return balances.listBalancesOfCustomer(tx, id).map(({ credit_entitlement_id, balance, overage }) => {
        const { name, unit, description } = entitlementOf(tx, credit_entitlement_id)
        return { credit_entitlement_id, name, unit, description, balance, overage }
      })
    })
    return context.json({ items })
  })
  return routes
}

function entitlementOf(tx: Transaction, entitlementId: string): CreditEntitlement {
  const entitlement = queries.findEntitlement(tx, entitlementId)
  if (!entitlement) throw notFound('credit entitlement', entitlementId)
  return entitlement
}

const useSchema = z.object({
  credit_entitlement_id: z.string(),
  customer_id: z.string(),
  amount: creditsSchema,
})

/** Using credits as a meter would, which the API has no call for. */
export function creditControlRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.post('/_sandbox/credits/use', async (context) => {
    const input = await parseBody(context, useSchema)
    const entry = store.transaction((tx) => {
      const { id, precision } = entitlementOf(tx, input.credit_entitlement_id)
      if (!customers.findCustomer(tx, input.customer_id)) throw notFound('customer', input.customer_id)
      checkPrecision('amount', input.amount, precision)
      return useCredits(tx, {
        entitlementId: id,
        customerId: input.customer_id,
        amount: creditsFromDecimal(input.amount),
        entry: {},
      })
    })
    return context.json({ ledger_entry: entry ?? null })
  })
  return routes
}
