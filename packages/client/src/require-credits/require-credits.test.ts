import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import express from 'express'
import { type Context, Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { FakeServer } from '../../test/fake-server.ts'
import { type Client, createClient } from '../index.ts'
import { heldCredits as heldInExpress, requireCredits as requireInExpress } from './express.ts'
import { heldCredits as heldInHono, requireCredits as requireInHono } from './hono.ts'
import { heldCredits, requireCredits } from './web.ts'

type Env = { Variables: { user: string } }

const catalog = { actions: { 'image.hires': 5 } }

let server: FakeServer
let credits: Client<typeof catalog>

beforeEach(() => {
  server = new FakeServer({
    now: () => Date.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms)
      return () => clearTimeout(timer)
    },
  })
  server.give('ada', 50)
  const { url, apiKey, fetch } = server
  credits = createClient<typeof catalog>({ url, apiKey, fetch, onAccountingError: () => {} })
})

const captured = '45 available, 0 held, asked for 1×'
const released = '50 available, 0 held, asked for 1×'
const held = '45 available, 5 held'

/** Settling may follow the answer: it is waited for, and must have been asked for once. */
async function settlement(): Promise<string> {
  await vi.waitFor(() => expect(server.holds.map((hold) => hold.state)).not.toContain('placed'))
  return `${server.balanceOf('ada')}, asked for ${server.requestsTo(/capture|release/).length}×`
}

/** A stream that gives what the test pushes into it. */
function source() {
  const cancelled = vi.fn<(reason: unknown) => void>()
  const ready = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>()
  const stream = new ReadableStream<Uint8Array>({ start: ready.resolve, cancel: cancelled })
  const push = async (text: string) => (await ready.promise).enqueue(new TextEncoder().encode(text))
  const end = async () => (await ready.promise).close()
  const fail = async (error: Error) => (await ready.promise).error(error)
  return { stream, push, end, fail, cancelled }
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read()
  return new TextDecoder().decode(value)
}

function post(signal?: AbortSignal): Request {
  return new Request('http://app.test/', { method: 'POST', ...(signal === undefined ? {} : { signal }) })
}

async function outcomeOf(answering: Promise<Response>): Promise<string> {
  try {
    return `answered: ${await (await answering).text()}`
  } catch (error) {
    return `threw: ${error instanceof Error ? error.message : String(error)}`
  }
}

let customer = 'ada'

const sourceError = new Error('the model broke off')

/** What both kinds of handler that return a Response must do. */
describe.each([
  {
    kind: 'a web handler',
    wrap: (respond: (request: Request, use: (credits: number) => void) => Response | Promise<Response>) => {
      const handler = requireCredits(credits, 'image.hires', { customer: async () => customer })((request) =>
        respond(request, heldCredits(request).use),
      )
      return async (request: Request) => handler(request)
    },
    failed: 'threw: the model failed',
  },
  {
    kind: 'a Hono handler',
    wrap: (respond: (request: Request, use: (credits: number) => void) => Response | Promise<Response>) => {
      const app = new Hono()
      app.post('/', requireInHono(credits, 'image.hires', { customer: async () => customer }), (c) =>
        respond(c.req.raw, heldInHono(c).use),
      )
      app.onError((error, c) => c.text(`sorry: ${error.message}`, 500))
      return async (request: Request) => app.fetch(request)
    },
    failed: 'answered: sorry: the model failed',
  },
])('$kind', ({ wrap, failed }) => {
  beforeEach(() => {
    customer = 'ada'
  })

  test('2xx is captured by the time its body has been read', async () => {
    const response = await wrap(() =>
      Response.json({ picture: 1 }, { status: 201, headers: { 'x-mine': 'kept' } }),
    )(post())
    expect(response.status).toBe(201)
    expect(response.headers.get('x-credits-remaining')).toBe('45')
    expect(response.headers.get('x-mine')).toBe('kept')
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(server.balanceOf('ada')).toBe(held)
    expect(await response.json()).toEqual({ picture: 1 })
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(await settlement()).toBe(captured)
  })

  test('2xx without a body is captured by the time it is answered', async () => {
    const response = await wrap(() => new Response(null, { status: 204 }))(post())
    expect(response.status).toBe(204)
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(await settlement()).toBe(captured)
  })

  test.each([302, 400, 404, 500])('%i is released', async (status) => {
    const response = await wrap(() => new Response(status === 302 ? null : 'no', { status }))(post())
    expect(response.status).toBe(status)
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
    expect(await settlement()).toBe(released)
  })

  test('cookies set by the handler all arrive', async () => {
    const response = await wrap(() => {
      const headers = new Headers()
      headers.append('set-cookie', 'a=1')
      headers.append('set-cookie', 'b=2')
      return new Response('ok', { headers })
    })(post())
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    await response.text()
  })

  test('a redirect, whose headers cannot be changed, is released', async () => {
    const response = await wrap(() => Response.redirect('http://app.test/elsewhere'))(post())
    expect(response.status).toBe(302)
    expect(await settlement()).toBe(released)
  })

  test('a throw is released and goes where errors go', async () => {
    const answering = wrap(() => {
      throw new Error('the model failed')
    })(post())
    expect(await outcomeOf(answering)).toBe(failed)
    expect(await settlement()).toBe(released)
  })

  test('use says what is captured', async () => {
    const response = await wrap((_, use) => {
      use(2)
      return new Response('ok')
    })(post())
    await response.text()
    expect(await settlement()).toBe('48 available, 0 held, asked for 1×')
  })

  test('too few credits are answered with 402 and the facts, and the handler is not called', async () => {
    customer = 'bob'
    const handler = vi.fn(() => new Response('ok'))
    const response = await wrap(handler)(post())
    expect(response.status).toBe(402)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      code: 'insufficient_credits',
      required: '5',
      missing: '5',
      pack: { pack: 'starter' },
      message: 'This needs 5 credits; you have 0.',
    })
    expect(handler).not.toHaveBeenCalled()
  })

  test('a stream is captured at its end, not at its headers', async () => {
    const { stream, push, end } = source()
    const response = await wrap(() => new Response(stream))(post())
    const reader = response.body!.getReader()
    await push('one')
    expect(await readText(reader)).toBe('one')
    await push('two')
    expect(await readText(reader)).toBe('two')
    expect(server.balanceOf('ada')).toBe(held)
    await end()
    expect((await reader.read()).done).toBe(true)
    expect(await settlement()).toBe(captured)
  })

  test('a stream that breaks off is released', async () => {
    const { stream, push, fail } = source()
    const response = await wrap(() => new Response(stream))(post())
    const reader = response.body!.getReader()
    await push('one')
    await readText(reader)
    await fail(sourceError)
    await expect(reader.read()).rejects.toBe(sourceError)
    expect(await settlement()).toBe(released)
  })

  test('a stream that its reader leaves is released, and its source is told', async () => {
    const { stream, push, cancelled } = source()
    const response = await wrap(() => new Response(stream))(post())
    const reader = response.body!.getReader()
    await push('one')
    await readText(reader)
    await reader.cancel('enough')
    expect(cancelled).toHaveBeenCalledWith('enough')
    expect(await settlement()).toBe(released)
  })

  test('a request that aborts in the middle of a stream is released, and its source is told', async () => {
    const abort = new AbortController()
    const { stream, push, cancelled } = source()
    const response = await wrap(() => new Response(stream))(post(abort.signal))
    const reader = response.body!.getReader()
    await push('one')
    await readText(reader)
    const reading = reader.read()
    abort.abort(new Error('gone'))
    await expect(reading).rejects.toThrow('gone')
    expect(await settlement()).toBe(released)
    expect(cancelled).toHaveBeenCalledTimes(1)
  })

  test('a request that aborts while the handler works is released, and the handler may end as it likes', async () => {
    const abort = new AbortController()
    const working = Promise.withResolvers<Response>()
    const called = vi.fn(() => working.promise)
    const answering = wrap(called)(post(abort.signal))
    await vi.waitFor(() => expect(called).toHaveBeenCalled())
    abort.abort(new Error('gone'))
    expect(await settlement()).toBe(released)
    working.resolve(new Response('late'))
    expect(await (await answering).text()).toBe('late')
    expect(await settlement()).toBe(released)
  })

  test('an abort after the end changes nothing', async () => {
    const abort = new AbortController()
    const response = await wrap(() => new Response('ok'))(post(abort.signal))
    await response.text()
    abort.abort()
    expect(await settlement()).toBe(captured)
  })
})

test('the rest of a web handler’s arguments is passed on', async () => {
  const route = requireCredits(credits, 'image.hires', {
    customer: (request) => request.headers.get('x-user') ?? '',
  })(async (request, context: { params: Promise<{ id: string }> }) => {
    expect(heldCredits(request).hold.customer).toBe('ada')
    return new Response((await context.params).id)
  })
  const request = new Request('http://app.test/', { method: 'POST', headers: { 'x-user': 'ada' } })
  const response = await route(request, { params: Promise.resolve({ id: '7' }) })
  expect(await response.text()).toBe('7')
})

test('an answer is not kept back by a server that is away', async () => {
  server.fail({ on: /capture/, what: 'hang' })
  const route = requireCredits(credits, 'image.hires', { customer: () => 'ada' })(() => new Response('ok'))
  const response = await route(new Request('http://app.test/', { method: 'POST' }))
  const began = performance.now()
  expect(await response.text()).toBe('ok')
  expect(performance.now() - began).toBeLessThan(4_000)
})

test('a Hono error handler that answers 200 does not make a failure a success', async () => {
  const app = new Hono()
  app.onError((_, c) => c.text('never mind', 200))
  app.post('/', requireInHono(credits, 'image.hires', { customer: () => 'ada' }), () => {
    throw new Error('the model failed')
  })
  const response = await app.request('/', { method: 'POST' })
  expect(response.status).toBe(200)
  expect(await settlement()).toBe(released)
})

test('a quantity multiplies the price', async () => {
  const options = {
    customer: () => 'ada',
    quantity: (request: Request) => Number(request.headers.get('x-pictures')),
  }
  const route = requireCredits(credits, 'image.hires', options)(() => new Response('ok'))
  const response = await route(
    new Request('http://app.test/', { method: 'POST', headers: { 'x-pictures': '3' } }),
  )
  await response.text()
  expect(await settlement()).toBe('35 available, 0 held, asked for 1×')
})

/** Compiled, not called: the compiler's errors are the test. */
function compiled() {
  // @ts-expect-error there is no such action
  requireCredits(credits, 'image.hirez', { customer: () => 'ada' })
  // @ts-expect-error there is no such action
  requireInHono(credits, 'image.hirez', { customer: () => 'ada' })
  // @ts-expect-error there is no such action
  requireInExpress(credits, 'image.hirez', { customer: () => 'ada' })
  const app = new Hono<Env>()
  app.post(
    '/',
    requireInHono(credits, 'image.hires', { customer: (c) => c.req.header('x-user') ?? '' }),
    (c) => c.text(c.get('user')),
  )
  app.post('/', requireInHono(credits, 'image.hires', { customer: (c: Context<Env>) => c.get('user') }))
  express().post(
    '/',
    requireInExpress(credits, 'image.hires', { customer: (req) => String(req.headers['x-user']) }),
  )
  express().post(
    '/',
    requireInExpress(credits, 'image.hires', { customer: (req: express.Request) => req.get('x-user') ?? '' }),
  )
}

function paid() {
  return requireInExpress(credits, 'image.hires', {
    customer: (req: express.Request) => req.get('x-user') ?? 'ada',
  })
}

test('an action that the catalog does not have is a compile error, and callbacks know their framework', () => {
  expectTypeOf(compiled).toBeFunction()
})

describe('an Express handler', () => {
  let listening: Server
  let port = 0
  const left = vi.fn<() => void>()

  async function listen(build: (app: express.Express) => void): Promise<void> {
    const app = express()
    build(app)
    listening = createServer(app)
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const address = listening.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  }

  const send = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers })

  beforeEach(() => left.mockClear())
  afterEach(() => {
    listening.closeAllConnections()
    listening.close()
  })

  test('2xx is captured', async () => {
    await listen((app) => app.post('/', paid(), (_req, res) => void res.status(201).json({ picture: 1 })))
    const response = await send()
    expect(response.status).toBe(201)
    expect(response.headers.get('x-credits-remaining')).toBe('45')
    expect(await response.json()).toEqual({ picture: 1 })
    expect(await settlement()).toBe(captured)
  })

  test('use says what is captured', async () => {
    await listen((app) =>
      app.post('/', paid(), (req, res) => {
        heldInExpress(req).use(2)
        res.json({})
      }),
    )
    await send()
    expect(await settlement()).toBe('48 available, 0 held, asked for 1×')
  })

  test.each([302, 404, 500])('%i is released', async (status) => {
    await listen((app) => app.post('/', paid(), (_req, res) => void res.status(status).end()))
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', redirect: 'manual' })
    expect(await settlement()).toBe(released)
  })

  test('a throw, a rejection and next(error) are released, and the error handler answers', async () => {
    const failing: express.RequestHandler[] = [
      () => {
        throw new Error('the model failed')
      },
      () => Promise.reject(new Error('the model failed')),
      (_req, _res, next) => next(new Error('the model failed')),
    ]
    for (const [index, handler] of failing.entries()) {
      await listen((app) => {
        app.post('/', paid(), handler)
        app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
          res.status(503).send(`sorry: ${error.message}`)
        })
      })
      const response = await send()
      expect(response.status).toBe(503)
      expect(await response.text()).toBe('sorry: the model failed')
      await vi.waitFor(() => expect(server.requestsTo(/release/)).toHaveLength(index + 1))
      await vi.waitFor(() => expect(server.balanceOf('ada')).toBe('50 available, 0 held'))
      listening.close()
    }
    expect(server.requestsTo(/capture/)).toEqual([])
  })

  test('too few credits are answered with 402 and the facts, and the handler is not called', async () => {
    const handler = vi.fn<express.RequestHandler>((_req, res) => void res.end())
    await listen((app) => app.post('/', paid(), handler))
    const response = await send({ 'x-user': 'bob' })
    expect(response.status).toBe(402)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('x-credits-remaining')).toBe('0')
    expect(await response.json()).toMatchObject({ code: 'insufficient_credits', missing: '5' })
    expect(handler).not.toHaveBeenCalled()
  })

  test('a server out of reach fails closed, in the error handler', async () => {
    server.fail({ on: /holds/, what: { status: 422, code: 'some_refusal' } })
    const handler = vi.fn<express.RequestHandler>((_req, res) => void res.end())
    await listen((app) => {
      app.post('/', paid(), handler)
      app.use(
        (
          error: { code?: string },
          _req: express.Request,
          res: express.Response,
          _next: express.NextFunction,
        ) => {
          res.status(500).send(error.code)
        },
      )
    })
    expect(await (await send()).text()).toBe('some_refusal')
    expect(handler).not.toHaveBeenCalled()
  })

  test('a stream is captured at its end, not at its headers', async () => {
    const end = Promise.withResolvers<void>()
    await listen((app) =>
      app.post('/', paid(), async (_req, res) => {
        res.write('one')
        await end.promise
        res.end('two')
      }),
    )
    const response = await send()
    expect(server.balanceOf('ada')).toBe(held)
    end.resolve()
    expect(await response.text()).toBe('onetwo')
    expect(await settlement()).toBe(captured)
  })

  test('a stream that the handler breaks off is released', async () => {
    await listen((app) =>
      app.post('/', paid(), (_req, res) => {
        res.write('one')
        setImmediate(() => res.destroy(new Error('the model broke off')))
      }),
    )
    const response = await send()
    await expect(response.text()).rejects.toThrow('terminated')
    expect(await settlement()).toBe(released)
  })

  test('a throw after the first bytes is released', async () => {
    await listen((app) => {
      app.post('/', paid(), async (_req, res) => {
        res.write('one')
        throw new Error('the model broke off')
      })
      app.use((error: Error, _req: express.Request, res: express.Response, next: express.NextFunction) => {
        if (res.headersSent) next(error)
        else res.end()
      })
    })
    await expect(send().then((response) => response.text())).rejects.toThrow(/terminated|fetch failed/)
    expect(await settlement()).toBe(released)
  })

  test('a caller who leaves in the middle is released, and the handler learns of it', async () => {
    await listen((app) =>
      app.post('/', paid(), (req, res) => {
        heldInExpress(req).signal.addEventListener('abort', left)
        res.write('one')
      }),
    )
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/' }, resolve).on('error', reject).end()
    })
    expect(server.balanceOf('ada')).toBe(held)
    incoming.destroy()
    expect(await settlement()).toBe(released)
    expect(left).toHaveBeenCalledTimes(1)
  })

  test('a caller who leaves before the handler answers is released, and a late answer is not paid for', async () => {
    const answer = Promise.withResolvers<void>()
    const called = vi.fn<() => void>()
    await listen((app) =>
      app.post('/', paid(), async (_req, res) => {
        called()
        await answer.promise
        res.json({ late: true })
      }),
    )
    const leaving = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/' }).on('error', () => {})
    leaving.end()
    await vi.waitFor(() => expect(called).toHaveBeenCalled())
    leaving.destroy()
    expect(await settlement()).toBe(released)
    answer.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    expect(await settlement()).toBe(released)
  })

  test('a caller who leaves while the hold is placed never reaches the handler', async () => {
    server.fail({ on: /POST \/v1\/holds$/, what: { lateMs: 200 } })
    const handler = vi.fn<express.RequestHandler>((_req, res) => void res.end())
    const onError = vi.fn<express.ErrorRequestHandler>((_error, _req, res, _next) => void res.end())
    await listen((app) => {
      app.post('/', paid(), handler)
      app.use((error: Error, req: express.Request, res: express.Response, next: express.NextFunction) =>
        onError(error, req, res, next),
      )
    })
    const leaving = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/' }).on('error', () => {})
    leaving.end()
    await vi.waitFor(() => expect(server.requestsTo(/holds/)).toHaveLength(1))
    leaving.destroy()
    expect(await settlement()).toBe(released)
    expect(handler).not.toHaveBeenCalled()
    // Nobody is there to be answered, and nothing went wrong.
    expect(onError).not.toHaveBeenCalled()
  })
})
