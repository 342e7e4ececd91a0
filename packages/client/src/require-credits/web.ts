/** `@tallystick/client/web`: for handlers from `Request` to `Response`, as in Next, Bun, Deno and workers. */
import type { ActionOf, CatalogShape } from '../catalog.ts'
import type { Client } from '../create-client.ts'
import { rememberHeld } from './held-credits.ts'
import { type RequireCreditsOptions, spendOf } from './options.ts'
import { respondWithCredits } from './respond.ts'

export { heldCredits } from './held-credits.ts'
export type { RequireCreditsOptions } from './options.ts'

/**
 * Wraps a handler: `export const POST = requireCredits(credits, 'image.hires', { customer })(handler)`. Credits are held
 * before it, captured when its 2xx answer has been sent, released otherwise; too few are answered with 402.
 */
export function requireCredits<C extends CatalogShape, R extends Request = Request>(
  client: Client<C>,
  action: ActionOf<C>,
  options: RequireCreditsOptions<R>,
) {
  return <Rest extends unknown[]>(handler: (request: R, ...rest: Rest) => Response | Promise<Response>) =>
    async (request: R, ...rest: Rest): Promise<Response> => {
      const spend = await spendOf(options, request)
      return respondWithCredits(client, { ...spend, action, signal: request.signal }, async (held) => {
        rememberHeld(request, held)
        return { response: await handler(request, ...rest), failed: false }
      })
    }
}
