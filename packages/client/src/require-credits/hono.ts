/** `@tallystick/client/hono`: a Hono middleware. */
import type { ActionOf, CatalogShape } from '../catalog.ts'
import type { Client } from '../create-client.ts'
import { rememberHeld } from './held-credits.ts'
import { type RequireCreditsOptions, spendOf } from './options.ts'
import { respondWithCredits } from './respond.ts'

export { heldCredits } from './held-credits.ts'
export type { RequireCreditsOptions } from './options.ts'

/** What is used of Hono's `Context`. */
export interface HonoContext {
  req: { raw: Request; header(name: string): string | undefined }
  res: Response
  error: Error | undefined
}

/**
 * A middleware: `app.post('/enlarge', requireCredits(credits, 'image.hires', { customer: (c) => … }), handler)`. Credits
 * are held before the handler, captured when its 2xx answer has been sent, released otherwise; too few are answered with 402.
 */
export function requireCredits<C extends CatalogShape, Context extends HonoContext = HonoContext>(
  client: Client<C>,
  action: ActionOf<C>,
  options: RequireCreditsOptions<Context>,
): (context: Context, next: () => Promise<void>) => Promise<void> {
  return async (context, next) => {
    const spend = await spendOf(options, context)
    const signal = context.req.raw.signal
    const response = await respondWithCredits(client, { ...spend, action, signal }, async (held) => {
      rememberHeld(context, held)
      await next()
      // Hono's error handler has turned a throw into an answer by now, maybe into a friendly 200.
      return { response: context.res, failed: context.error !== undefined }
    })
    context.res = response
  }
}
