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

/**
 * Answers only at this machine's own names and at those given. A page elsewhere can let its own name lead to 127.0.0.1 (DNS
 * rebinding), and would then read what it asks for; its Host header tells.
 */
export function refuseOtherHosts(allowed: () => readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    const name = host.replace(/:\d*$/, '').toLowerCase()
    if (!ownNames.includes(name) && !allowed().includes(name))
      throw new Refusal(
        403,
        'FORBIDDEN',
        `This page answers at localhost, and the request was sent to "${host}". For another name start the sandbox with --checkout-origin or --host.`,
      )
    await next()
  }
}

const ownNames = ['localhost', '127.0.0.1', '[::1]']
