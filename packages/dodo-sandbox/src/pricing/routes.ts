import { Hono } from 'hono'
import { z } from 'zod'
import { parseBody } from '../http/parse.ts'
import type { Store } from '../store/store.ts'
import { loadPricingSettings, updatePricingSettings } from './settings.ts'

const settingsSchema = z.strictObject({
  tax: z.boolean().optional(),
  adaptive_currency: z.boolean().optional(),
})

/** What Dodo's dashboard sets for all prices. Changes count for what is paid from now on. */
export function pricingControlRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/_sandbox/settings', (context) => context.json(store.transaction(loadPricingSettings)))
  routes.patch('/_sandbox/settings', async (context) => {
    const changes = await parseBody(context, settingsSchema)
    return context.json(store.transaction((tx) => updatePricingSettings(tx, changes)))
  })
  return routes
}
