/** `@tallystick/client/express`: an Express middleware, and one for anything on Node's own http. */
import { InsufficientCreditsError } from '../api/errors.ts'
import type { ActionOf, CatalogShape } from '../catalog.ts'
import type { Client } from '../create-client.ts'
import { rememberHeld } from './held-credits.ts'
import { type RequireCreditsOptions, spendOf } from './options.ts'
import { problemType, refusalBody, remainingHeader } from './refusal.ts'

export { heldCredits } from './held-credits.ts'
export type { RequireCreditsOptions } from './options.ts'

/** What a `customer` function can rely on without naming its framework's own type. */
export interface NodeRequest {
  headers: Record<string, string | string[] | undefined>
}

/** What is used of Node's, and so of Express's, response. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly destroyed: boolean
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/**
 * A middleware: `app.post('/enlarge', requireCredits(credits, 'image.hires', { customer: (req) => … }), handler)`.
 * Credits are held before the handler, captured when its 2xx answer has been sent, released otherwise; too few are
 * answered with 402, other errors go to `next`.
 */
export function requireCredits<C extends CatalogShape, R extends NodeRequest = NodeRequest>(
  client: Client<C>,
  action: ActionOf<C>,
  options: RequireCreditsOptions<R>,
): (request: R, response: NodeResponse, next: (error?: unknown) => void) => Promise<void> {
  return async (request, response, next) => {
    const { sent, left } = watchResponse(response)
    let called = false
    try {
      const spend = await spendOf(options, request)
      await client.withCredits({ ...spend, action, signal: left }, async (held) => {
        rememberHeld(request, held)
        if (!response.headersSent) response.setHeader(remainingHeader, held.hold.balance.spendable)
        called = true
        next()
        await sent
        if (response.statusCode < 200 || response.statusCode > 299)
          throw new Error('The handler gave no answer to pay for.')
      })
    } catch (error) {
      // Once the handler was called the answer is its own; when the caller has left there is nobody to answer.
      if (called || left.aborted) return
      if (error instanceof InsufficientCreditsError) return refuse(response, error)
      next(error)
    }
  }
}

/** `sent` resolves when the whole answer was handed to the socket; `left` aborts when the socket closed before that. */
function watchResponse(response: NodeResponse): { sent: Promise<void>; left: AbortSignal } {
  const left = new AbortController()
  const leave = () => left.abort(new Error('The caller left before the end of the answer.'))
  const sent = new Promise<void>((resolve) => {
    let finished = false
    response.once('finish', () => {
      finished = true
      resolve()
    })
    // Node closes every response, also after it finished.
    response.once('close', () => {
      if (!finished) leave()
    })
  })
  if (response.destroyed) leave()
  return { sent, left: left.signal }
}

function refuse(response: NodeResponse, error: InsufficientCreditsError): void {
  response.statusCode = 402
  response.setHeader('content-type', problemType)
  response.setHeader(remainingHeader, error.spendable)
  response.end(refusalBody(error))
}
