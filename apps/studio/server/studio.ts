import { InsufficientCreditsError, TallystickError } from '@tallystick/client'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { HTTPException } from 'hono/http-exception'
import { streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { microsFromDecimal } from '../shared/amounts.ts'
import { experiments, type Me, pictureActions, type StudioEvent } from '../shared/api.ts'
import { runExperiment } from './break/experiments.ts'
import { Cancelled, developPicture } from './jobs/develop-picture.ts'
import { recoverJobs } from './jobs/recover-jobs.ts'
import { resumeWaiting } from './jobs/resume-waiting.ts'
import { NotAPicture, startJob, TooManyAtOnce } from './jobs/start-job.ts'
import { readCode } from './life/code.ts'
import { historyOf } from './life/history.ts'
import { type PackName, startCheckout } from './orders/start-checkout.ts'
import { watchOrder } from './orders/watch-order.ts'
import type { PageFile } from './pages/page-files.ts'
import type { Parts } from './parts.ts'
import { cookieName, newVisitor, readVisitor, signVisitor } from './visitors/cookie.ts'
import { type OpenOrder, RunsAlready, type Visitor } from './visitors/visitor.ts'

export interface Studio {
  fetch: (request: Request) => Response | Promise<Response>
  /**
   * Goes on where the last run of the studio was stopped. To be called before the first request: when it returns,
   * everything that was interrupted is known and on its way. `settled` is when the last of it has ended.
   */
  recover(): Promise<{ settled: Promise<unknown> }>
  /** Tells every page that is open whether the credits server answers. */
  tellReachable(reachable: boolean): void
  close(): void
}

// The largest picture a model takes is 110,592 pixels; as an uncompressed PNG with alpha that is below half a megabyte.
const pictureBytesMax = 2_000_000
const heartbeatMs = 15_000

/** Everything the studio answers, but no socket. */
export function createStudio(
  parts: Parts,
  pages: { files: Map<string, PageFile>; frameSources: string[] },
): Studio {
  const app = new Hono()
  const closing = new AbortController()
  const policy = contentPolicy(pages.frameSources)

  const watched = new Set<string>()

  function watch(visitor: Visitor, open: OpenOrder): void {
    if (watched.has(open.order)) return
    watched.add(open.order)
    watchOrder(parts, visitor, open, closing.signal)
      .catch((error: unknown) => parts.log(`order ${open.order} is not watched: ${String(error)}`))
      .finally(() => watched.delete(open.order))
  }

  app.get('/health', (c) => c.json({ status: 'ok' }))

  app.use('*', async (c, next) => {
    const site = c.req.header('sec-fetch-site')
    const isOurs = site === undefined || site === 'same-origin' || site === 'none'
    if (c.req.method !== 'GET' && !isOurs)
      return c.json({ message: 'Only the studio’s own pages may do this.' }, 403)
    const page = pages.files.get(c.req.path === '/' ? '/index.html' : c.req.path)
    if (page === undefined) return next()
    if (!page.type.startsWith('text/html')) return answerFile(page, policy)
    // Before the page asks several things at once, each of which would make a visitor of its own.
    customerOf(c, parts)
    // Set by hand on the answer, for a response made here does not carry what Hono gathered.
    const response = answerFile(page, policy)
    for (const cookie of c.res.headers.getSetCookie()) response.headers.append('set-cookie', cookie)
    return response
  })

  app.get('/api/me', async (c) => {
    const visitor = await parts.visitors.get(customerOf(c, parts))
    const { customer } = visitor
    const balance = await parts.credits.balance(customer)
    // Credits may have come by another way than a checkout of ours, from the operator for example.
    if (canPay(visitor, balance.spendable)) logFailure(resumeWaiting(parts, visitor), parts)
    return c.json<Me>({ customer, balance, dev: parts.dev !== null })
  })

  app.get('/api/prices', async (c) => c.json(await parts.credits.prices()))

  app.get('/api/jobs', async (c) => c.json({ data: (await visitorOf(c, parts)).jobs }))

  const jobQuery = z.object({
    action: z.enum(pictureActions),
    name: z.string().min(1).max(120).default('Picture'),
  })

  app.post('/api/jobs', bodyLimit({ maxSize: pictureBytesMax }), async (c) => {
    const { action, name } = jobQuery.parse(c.req.query())
    const png = new Uint8Array(await c.req.arrayBuffer())
    const visitor = await parts.visitors.get(customerOf(c, parts))
    const { job, ended } = await startJob(parts, visitor, { action, name, png })
    logFailure(ended, parts)
    return c.json(job, 202)
  })

  app.get('/api/jobs/:id', async (c) => c.json(jobOf(c, await visitorOf(c, parts))))

  app.get('/api/jobs/:id/:which{(before|after)\\.png}', async (c) => {
    const visitor = await visitorOf(c, parts)
    const job = jobOf(c, visitor)
    const which = c.req.param('which') === 'after.png' ? 'after' : 'before'
    if (which === 'after' && job.after === null)
      throw new HTTPException(404, { message: 'It is not made yet.' })
    const bytes = await visitor.readPicture(job.id, which)
    return c.body(bytes, 200, {
      'content-type': 'image/png',
      'cache-control': 'private, max-age=31536000, immutable',
    })
  })

  app.post('/api/jobs/:id/run', async (c) => {
    const visitor = await visitorOf(c, parts)
    const job = jobOf(c, visitor)
    if (job.state !== 'waiting' || visitor.isRunning(job.id)) {
      throw new HTTPException(409, { message: 'Only a picture that waits can go on.' })
    }
    logFailure(developPicture(parts, visitor, job.id), parts)
    return c.json(job, 202)
  })

  app.delete('/api/jobs/:id', async (c) => {
    const visitor = await visitorOf(c, parts)
    const job = jobOf(c, visitor)
    if (visitor.isRunning(job.id)) visitor.stop(job.id, new Cancelled('stopped by the visitor'))
    else await visitor.removeJob(job.id)
    return c.body(null, 204)
  })

  const checkoutBody = z.object({ pack: z.string().min(1).max(100) })

  app.post('/api/checkouts', bodyLimit({ maxSize: 10_000 }), async (c) => {
    const { pack } = checkoutBody.parse(await c.req.json())
    const { origin } = new URL(c.req.url)
    // Whether there is such a pack is for the server to say; the type knows the catalog of this moment only.
    const visitor = await visitorOf(c, parts)
    const order = await startCheckout(parts, visitor, { pack: pack as PackName, origin })
    watch(visitor, { order: order.id, opened_at: order.created_at })
    return c.json(order)
  })

  app.get('/api/orders/:id', async (c) => {
    const { customer } = await visitorOf(c, parts)
    const order = await parts.credits.order(c.req.param('id'))
    if (order.customer !== customer) throw new HTTPException(404, { message: 'There is no such order.' })
    return c.json(order)
  })

  /** The orders under way, newest first: what a page that comes back from the checkout asks for. */
  app.get('/api/open-orders', async (c) =>
    c.json({ data: (await visitorOf(c, parts)).openOrders.toReversed() }),
  )

  app.get('/api/history', async (c) => {
    const { customer } = await visitorOf(c, parts)
    const [entries, orders, prices] = await Promise.all([
      parts.credits.entries(customer, { limit: 100 }),
      parts.credits.orders(customer, { limit: 50 }),
      parts.credits.prices(),
    ])
    const names = new Map(prices.actions.map(({ action, name }) => [action, name]))
    return c.json({ data: historyOf(entries.data, orders.data, names) })
  })

  app.get('/api/life', async (c) => {
    const { life } = await visitorOf(c, parts)
    return c.json({ data: life, code: await readCode() })
  })

  app.get('/api/entries', async (c) => {
    const { customer } = await visitorOf(c, parts)
    return c.json(await parts.credits.entries(customer, { limit: 20 }))
  })

  app.get('/api/events', async (c) => {
    const visitor = await visitorOf(c, parts)
    return streamSSE(c, async (stream) => {
      const send = (event: StudioEvent) =>
        void stream.writeSSE({ event: event.type, data: JSON.stringify(event) })
      const stop = visitor.listen(send)
      const heartbeat = setInterval(() => void stream.write(': still here\n\n'), heartbeatMs)
      await new Promise<void>((resolve) => {
        stream.onAbort(resolve)
        closing.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      clearInterval(heartbeat)
      stop()
    })
  })

  const { dev } = parts
  if (dev !== null) {
    app.post('/api/break/:experiment', async (c) => {
      const experiment = z.enum(experiments).parse(c.req.param('experiment'))
      return c.json(await runExperiment({ ...parts, dev }, await visitorOf(c, parts), experiment))
    })
  }

  app.notFound((c) => c.json({ message: 'There is nothing here.' }, 404))

  app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ message: error.message }, error.status)
    if (error instanceof z.ZodError) return c.json({ message: z.prettifyError(error) }, 400)
    if (error instanceof NotAPicture) return c.json({ message: error.message }, 400)
    if (error instanceof RunsAlready) return c.json({ message: error.message }, 409)
    if (error instanceof TooManyAtOnce) return c.json({ message: error.message }, 429)
    if (error instanceof InsufficientCreditsError) return c.json({ message: error.userMessage }, 402)
    if (error instanceof TallystickError && error.status === 404)
      return c.json({ message: error.detail }, 404)
    parts.log(`${c.req.method} ${c.req.path}: ${error.message}`)
    if (error instanceof TallystickError)
      return c.json({ message: 'The credits server does not answer just now.' }, 503)
    return c.json({ message: 'The studio made a mistake. Its log says which.' }, 500)
  })

  return {
    fetch: (request) => app.fetch(request),

    async recover() {
      const settling: Promise<void>[] = []
      for (const customer of await parts.visitors.known()) {
        try {
          // One after the other, for at this moment everything else is starting too.
          // oxlint-disable-next-line no-await-in-loop
          const visitor = await parts.visitors.get(customer)
          settling.push(recoverJobs(parts, visitor, closing.signal))
          for (const order of visitor.openOrders) watch(visitor, order)
        } catch (error) {
          parts.log(`the shelf of ${customer} cannot be read: ${String(error)}`)
        }
      }
      return { settled: Promise.all(settling) }
    },

    tellReachable(reachable) {
      for (const visitor of parts.visitors.present()) visitor.tell({ type: 'server', reachable })
    },

    close: () => closing.abort(),
  }
}

/** The cookie's visitor. Who has none yet has no pictures and no orders either, and nothing is made for them. */
async function visitorOf(c: Context, parts: Parts): Promise<Visitor> {
  const customer = readVisitor(getCookie(c, cookieName), parts.visitors.secret)
  if (customer === null) throw new HTTPException(401, { message: 'Open the studio’s page first.' })
  return parts.visitors.get(customer)
}

/** The name in the cookie, or a new one and a cookie with it. A name alone takes no room anywhere. */
function customerOf(c: Context, parts: Parts): string {
  const { secret } = parts.visitors
  const known = readVisitor(getCookie(c, cookieName), secret)
  if (known !== null) return known
  const customer = newVisitor(parts.randomBytes)
  const isHttps = c.req.header('x-forwarded-proto') === 'https' || c.req.url.startsWith('https:')
  const yearSeconds = 365 * 86_400
  setCookie(c, cookieName, signVisitor(customer, secret), {
    httpOnly: true,
    sameSite: 'Lax',
    secure: isHttps,
    path: '/',
    maxAge: yearSeconds,
  })
  return customer
}

function canPay(visitor: Visitor, spendable: string): boolean {
  const wall = visitor.jobs.find((job) => job.state === 'waiting')?.wall
  return (
    wall !== undefined && wall !== null && microsFromDecimal(spendable) >= microsFromDecimal(wall.required)
  )
}

function jobOf(c: Context, visitor: Visitor) {
  const job = visitor.job(c.req.param('id') ?? '')
  if (job === undefined) throw new HTTPException(404, { message: 'There is no such picture on your shelf.' })
  return job
}

function logFailure(ended: Promise<unknown>, parts: Parts): void {
  ended.catch((error: unknown) => parts.log(`a picture was not finished: ${String(error)}`))
}

function answerFile(file: PageFile, policy: string): Response {
  return new Response(file.bytes, {
    headers: {
      'content-type': file.type,
      'cache-control': file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
      ...(file.type.startsWith('text/html') && {
        'content-security-policy': policy,
        'referrer-policy': 'same-origin',
      }),
    },
  })
}

/** The page loads nothing from elsewhere; only the checkout's frame comes from where the payment provider is. */
function contentPolicy(frameSources: string[]): string {
  return [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "style-src 'self' 'unsafe-inline'",
    `frame-src ${frameSources.join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ')
}
