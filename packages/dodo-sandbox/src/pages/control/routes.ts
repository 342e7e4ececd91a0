import { Hono } from 'hono'
import { parseQuery } from '../../http/parse.ts'
import { notFound } from '../../kernel/refusal.ts'
import { findProduct } from '../../products/queries.ts'
import { answerPage } from '../layout.ts'
import { actionPath } from '../parts.ts'
import { Actions } from './actions.ts'
import { controlPage } from './control-page.ts'
import { loadControlPage } from './load-control-page.ts'
import { addMoneyActions } from './money-actions.ts'
import { pagesQuery } from './paging.ts'
import { productPage } from './product-page.ts'
import { addShopActions, earliest, type ShopActions } from './shop-actions.ts'
import { addSubscriptionActions } from './subscription-actions.ts'

export interface ControlPageRoutes extends ShopActions {
  apiKey: string
  /** What the SDK is pointed at. */
  apiOrigin: () => string
}

/** The control page and the forms on it. */
export function controlPageRoutes(input: ControlPageRoutes): Hono {
  const { store, worker, clock, scheduler, apiKey } = input
  const routes = new Hono()

  routes.get('/', (context) => {
    const pages = parseQuery(context, pagesQuery)
    const { connection, ...shown } = store.transaction((tx) => loadControlPage(tx, pages))
    const nextDueAt = earliest(scheduler.nextDueAt(), worker.nextDueAt()) ?? null
    return answerPage(
      context,
      controlPage({
        ...shown,
        connection: { ...connection, origin: input.apiOrigin(), apiKey },
        clock: { now: clock.now(), offsetMs: clock.offsetMs, nextDueAt },
      }),
    )
  })
  routes.get(`${actionPath}/products/new`, (context) => answerPage(context, productPage(undefined)))
  routes.get(`${actionPath}/products/:id`, (context) => {
    const id = context.req.param('id')
    const found = store.transaction((tx) => findProduct(tx, id))
    if (!found) throw notFound('product', id)
    return answerPage(context, productPage(found.product))
  })
  const actions = new Actions(store)
  addMoneyActions(actions)
  addSubscriptionActions(actions)
  addShopActions(actions, input)
  routes.route('/', actions.routes)
  return routes
}
