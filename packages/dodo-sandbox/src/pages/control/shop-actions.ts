import { z } from 'zod'
import type { SandboxClock } from '../../clock/sandbox-clock.ts'
import type { Scheduler } from '../../clock/scheduler.ts'
import { type FaultKind, faultDescriptions, faultRuleSchema, webhookFaultKinds } from '../../faults/fault.ts'
import { deleteRules } from '../../faults/queries.ts'
import { addFaultRules } from '../../faults/rules.ts'
import { currencies } from '../../kernel/money.ts'
import { addPeriods } from '../../kernel/period.ts'
import { invalidBody, notFound } from '../../kernel/refusal.ts'
import { createPortalSession } from '../../portal/create-portal-session.ts'
import { archiveProduct, unarchiveProduct } from '../../products/archive-product.ts'
import { createProduct } from '../../products/create-product.ts'
import { createProductSchema, taxCategories } from '../../products/product.ts'
import { findProduct } from '../../products/queries.ts'
import { updateProduct } from '../../products/update-product.ts'
import type { Store } from '../../store/store.ts'
import type { DeliveryWorker } from '../../webhooks/delivery-worker.ts'
import { eventType } from '../../webhooks/endpoint.ts'
import { rotateSecret } from '../../webhooks/rotate-secret.ts'
import { sendTest } from '../../webhooks/send-test.ts'
import { updateEndpoint } from '../../webhooks/update-endpoint.ts'
import { type Actions, noFields } from './actions.ts'
import { typedAmount } from './money-actions.ts'
import { priceKinds } from './product-page.ts'

export interface ShopActions {
  store: Store
  worker: DeliveryWorker
  clock: SandboxClock
  scheduler: Scheduler
  /** Where the portal is reached. */
  origin: () => string
}

/** What the page does to everything but money: products, webhooks, the clock and faults. */
export function addShopActions(actions: Actions, shop: ShopActions): void {
  addProductActions(actions)
  addWebhookActions(actions, shop)
  addFaultActions(actions)
  actions.addAwaited(
    'clock',
    'clock',
    z.object({ by: z.enum(['hour', 'day', 'month', 'next']) }),
    async ({ by }) => shop.scheduler.advanceTo(targetOf(by, shop)),
  )
  actions.addAwaited('customers/:id/portal', 'customers', noFields, async (_form, { id = '' }) => {
    const { token } = shop.store.transaction((tx) =>
      createPortalSession(tx, { customerId: id, returnUrl: null }),
    )
    return new URL(`${shop.origin()}/portal/${token}`)
  })
}

function targetOf(by: 'hour' | 'day' | 'month' | 'next', { clock, scheduler, worker }: ShopActions): Date {
  const now = clock.now()
  if (by === 'hour') return new Date(now.getTime() + 3_600_000)
  if (by === 'day') return addPeriods(now, 1, { count: 1, interval: 'Day' })
  if (by === 'month') return addPeriods(now, 1, { count: 1, interval: 'Month' })
  const next = earliest(scheduler.nextDueAt(), worker.nextDueAt())
  if (next === undefined)
    throw invalidBody('Nothing is to happen by itself: there is no next event to go to.')
  return new Date(next)
}

/** The first of two instants, of which either may not be. */
export function earliest(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one < other ? one : other
}

const productFields = {
  name: z.string().min(1).max(255),
  description: z.string().max(10_000).nullable().default(null),
  price: z.string(),
  tax_category: z.enum(taxCategories),
}

const newProductForm = z.object({
  ...productFields,
  currency: z
    .string()
    .toUpperCase()
    .refine((code) => currencies.has(code), 'is not a currency that Dodo knows'),
  kind: z.enum(Object.keys(priceKinds) as (keyof typeof priceKinds)[]),
})

function addProductActions(actions: Actions): void {
  actions.add('products', 'products', newProductForm, (tx, { price, currency, kind, ...form }) => {
    const amount = { currency, price: typedAmount(price, currency) }
    const period = {
      payment_frequency_count: 1,
      payment_frequency_interval: kind,
      subscription_period_count: 10,
      subscription_period_interval: 'Year',
    }
    createProduct(
      tx,
      createProductSchema.parse({
        ...form,
        price:
          kind === 'one_time'
            ? { type: 'one_time_price', ...amount }
            : { type: 'recurring_price', ...amount, ...period },
      }),
    )
  })
  actions.add(
    'products/:id',
    'products',
    z.object(productFields),
    (tx, { price, ...changes }, { id = '' }) => {
      const found = findProduct(tx, id)
      if (!found) throw notFound('product', id)
      const before = found.product.price
      const amount = typedAmount(price, before.currency)
      updateProduct(tx, {
        productId: id,
        changes: {
          ...changes,
          price:
            before.type === 'usage_based_price'
              ? { ...before, fixed_price: amount }
              : { ...before, price: amount },
        },
      })
    },
  )
  actions.add('products/:id/archive', 'products', noFields, (tx, _form, { id = '' }) =>
    archiveProduct(tx, id),
  )
  actions.add('products/:id/unarchive', 'products', noFields, (tx, _form, { id = '' }) =>
    unarchiveProduct(tx, id),
  )
}

function addWebhookActions(actions: Actions, { store, worker }: ShopActions): void {
  actions.addAwaited('deliveries/:id/resend', 'deliveries', noFields, (_form, { id = '' }) =>
    worker.resend(id),
  )
  actions.addAwaited(
    'webhooks/:id/test',
    'deliveries',
    z.object({ event_type: eventType }),
    async ({ event_type }, { id = '' }) => {
      store.transaction((tx) => sendTest(tx, { endpointId: id, eventType: event_type }))
      await worker.settle()
    },
  )
  actions.add('webhooks/:id/rotate-secret', 'connect', noFields, (tx, _form, { id = '' }) =>
    rotateSecret(tx, { endpointId: id }),
  )
  for (const [action, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const)
    actions.add(`webhooks/:id/${action}`, 'connect', noFields, (tx, _form, { id = '' }) =>
      updateEndpoint(tx, { endpointId: id, changes: { disabled } }),
    )
}

const faultForm = z.object({
  kind: z.enum(Object.keys(faultDescriptions) as FaultKind[]),
  only_for: z.string().optional(),
  count: z.string().optional(),
  per_thousand: z.string().optional(),
})

function addFaultActions(actions: Actions): void {
  actions.add('faults', 'faults', faultForm, (tx, { only_for, ...often }) => {
    const isOfWebhooks = webhookFaultKinds.some((kind) => kind === often.kind)
    const narrowed = only_for === undefined ? {} : { [isOfWebhooks ? 'event_type' : 'route']: only_for }
    const parsed = faultRuleSchema.safeParse({ ...often, ...narrowed })
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw invalidBody(`${issue?.path.join('.')} ${issue?.message}`)
    }
    addFaultRules(tx, { rules: [parsed.data] })
  })
  actions.add('faults/:id/remove', 'faults', noFields, (tx, _form, { id = '' }) =>
    deleteRules(tx, { rule_id: id }),
  )
}
