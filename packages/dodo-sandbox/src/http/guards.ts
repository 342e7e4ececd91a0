import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { Refusal, unauthorized } from '../kernel/refusal.ts'

/** Lets through who brings the bearer key. */
export function requireApiKey(apiKey: string): MiddlewareHandler {
  const expected = digest(`Bearer ${apiKey}`)
  return async (context, next) => {
    if (!timingSafeEqual(digest(context.req.header('authorization') ?? ''), expected)) throw unauthorized()
    await next()
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Keeps other sites' pages from pressing the buttons of this one; programs send no such header and pass. */
export const refuseOtherSites: MiddlewareHandler = async (context, next) => {
  const site = context.req.header('sec-fetch-site')
  if (context.req.method === 'POST' && site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Refusal(403, 'FORBIDDEN', 'This form can be sent only from the page it is on.')
  await next()
}
