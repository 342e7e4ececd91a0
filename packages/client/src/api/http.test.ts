import { describe, expect, test } from 'vitest'
import { FakeServer, type Fault } from '../../test/fake-server.ts'
import { VirtualClock } from '../../test/virtual-clock.ts'
import {
  type ClientOptions,
  createClient,
  InsufficientCreditsError,
  TallystickError,
  TallystickUnavailableError,
} from '../index.ts'

function setUp(options: ClientOptions = {}) {
  const clock = new VirtualClock()
  const server = new FakeServer(clock)
  server.give('ada', 50)
  const { url, apiKey, fetch } = server
  const credits = createClient({ url, apiKey, fetch, surroundings: clock, ...options })
  const fail = (on: RegExp, what: Fault['what'], times?: number) =>
    server.fail({ on, what, ...(times === undefined ? {} : { times }) })
  return { clock, server, credits, fail }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not reject.')
}

describe('asking again', () => {
  test('a call whose answer was lost happens once', async () => {
    const { clock, server, credits, fail } = setUp()
    fail(/charges/, 'lose', 1)
    const charge = await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(charge.balance.available).toBe('45')
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(server.requests).toHaveLength(2)
    expect(new Set(server.requests).size).toBe(1)
  })

  test('two calls have two keys', async () => {
    const { clock, server, credits } = setUp()
    await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(server.balanceOf('ada')).toBe('40 available, 0 held')
  })

  test('two calls with one given key are one', async () => {
    const { clock, server, credits } = setUp()
    const charge = () =>
      credits.charge({ customer: 'ada', action: 'image.hires' }, { idempotencyKey: 'job 7' })
    const [first, second] = [await clock.until(charge()), await clock.until(charge())]
    expect(second).toEqual(first)
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
  })

  test.each([408, 429, 500, 502, 503, 504])('%i is asked again', async (status) => {
    const { clock, server, credits, fail } = setUp()
    fail(/charges/, { status }, 3)
    await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(server.requests).toHaveLength(4)
  })

  test.each([400, 401, 403, 404, 409, 422])('%i is not asked again', async (status) => {
    const { clock, server, credits, fail } = setUp()
    fail(/charges/, { status, code: 'some_refusal' })
    const error = await rejection(clock.until(credits.charge({ customer: 'ada', action: 'image.hires' })))
    expect(error).toBeInstanceOf(TallystickError)
    expect(error).not.toBeInstanceOf(TallystickUnavailableError)
    expect(error).toMatchObject({ status, code: 'some_refusal', detail: 'It was told to fail.' })
    expect(server.requests).toHaveLength(1)
  })

  test('a server that restarts is waited for', async () => {
    const { clock, credits, fail } = setUp()
    fail(/charges/, 'refuse', 6)
    const charge = await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(charge.credits).toBe('5')
  })

  test('an attempt that hangs is given up after its time-out, though fetch ignores the signal', async () => {
    const { clock, server, credits, fail } = setUp({ timeoutMs: 800 })
    fail(/balance/, 'hang', 1)
    const began = clock.now()
    await clock.until(credits.balance('ada'))
    expect(server.requests).toHaveLength(2)
    expect(clock.now() - began).toBeGreaterThanOrEqual(800)
    expect(clock.now() - began).toBeLessThan(1000)
  })

  test('a limit that is reached is not asked again: only time, or who set it, lifts it', async () => {
    const { clock, server, credits, fail } = setUp()
    fail(/charges/, { status: 403, code: 'limit_exceeded', retryAfter: '1' })
    const limits = [{ by: 'member' as const, id: 'mia', window: 'day' as const, max: '5' }]
    const error = await rejection(clock.until(credits.charge({ customer: 'ada', credits: '6', limits })))
    expect(error).toMatchObject({ status: 403, code: 'limit_exceeded' })
    expect(server.requests).toHaveLength(1)
  })

  test('retry-after is honoured', async () => {
    const { clock, credits, fail } = setUp()
    fail(/charges/, { status: 503, code: 'overloaded', retryAfter: '4' }, 1)
    const began = clock.now()
    await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(clock.now() - began).toBeGreaterThanOrEqual(4000)
  })

  test('a retry-after beyond retryForMs is not waited for', async () => {
    const { clock, credits, fail } = setUp()
    fail(/charges/, { status: 429, code: 'slow_down', retryAfter: '60' })
    const began = clock.now()
    const error = await rejection(clock.until(credits.charge({ customer: 'ada', action: 'image.hires' })))
    expect(error).toBeInstanceOf(TallystickUnavailableError)
    expect(error).toMatchObject({ status: 429, code: 'slow_down', attempts: 1 })
    expect(clock.now()).toBe(began)
  })

  test('it ends when retryForMs is over, and says what to do', async () => {
    const { clock, credits, fail } = setUp({ url: 'http://localhost:4100' })
    fail(/charges/, 'refuse')
    const began = clock.now()
    const error = await rejection(clock.until(credits.charge({ customer: 'ada', action: 'image.hires' })))
    expect(error).toBeInstanceOf(TallystickUnavailableError)
    expect(error).toMatchObject({ status: 503, code: 'unreachable', problem: null })
    expect(String(error)).toMatch(
      /connection refused.*server running at http:\/\/localhost:4100\?.*npx tallystick dev/,
    )
    expect(clock.now() - began).toBeGreaterThan(7_000)
    expect(clock.now() - began).toBeLessThanOrEqual(10_000)
  })

  test('retryForMs 0 tries once', async () => {
    const { clock, server, credits, fail } = setUp({ retryForMs: 0 })
    fail(/charges/, 'refuse')
    await rejection(clock.until(credits.charge({ customer: 'ada', action: 'image.hires' })))
    expect(server.requests).toHaveLength(1)
  })

  test('an abort ends a call at once with its reason, during an attempt and between two', async () => {
    for (const what of ['hang', 'refuse'] as const) {
      const { clock, server, credits, fail } = setUp()
      fail(/charges/, what)
      const abort = new AbortController()
      const reason = new Error('the user left')
      const call = rejection(
        credits.charge({ customer: 'ada', action: 'image.hires' }, { signal: abort.signal }),
      )
      await clock.settle()
      abort.abort(reason)
      expect(await call).toBe(reason)
      expect(server.requests).toHaveLength(1)
      expect(clock.pendingTimers).toBe(0)
    }
  })

  test('an abort is its reason even where nothing would be asked again', async () => {
    const { clock, credits, fail } = setUp({ retryForMs: 0 })
    fail(/charges/, 'hang')
    const abort = new AbortController()
    const reason = new Error('the user left')
    const call = rejection(
      credits.charge({ customer: 'ada', action: 'image.hires' }, { signal: abort.signal }),
    )
    await clock.settle()
    abort.abort(reason)
    expect(await call).toBe(reason)
  })

  test('no timer is left behind', async () => {
    const { clock, credits } = setUp()
    await clock.until(credits.charge({ customer: 'ada', action: 'image.hires' }))
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('refusals', () => {
  test('too few credits are an error with every fact', async () => {
    const { clock, credits } = setUp()
    const error = await rejection(clock.until(credits.charge({ customer: 'bob', action: 'image.hires' })))
    expect(error).toBeInstanceOf(InsufficientCreditsError)
    expect(error).toBeInstanceOf(TallystickError)
    expect(error).toMatchObject({
      name: 'InsufficientCreditsError',
      status: 402,
      code: 'insufficient_credits',
      required: '5',
      spendable: '0',
      held: '0',
      missing: '5',
      unit: 'credits',
      pack: {
        pack: 'starter',
        name: 'Starter',
        credits: '100',
        price: { amount_minor: 1000, currency: 'USD' },
      },
      userMessage: 'This needs 5 credits; you have 0.',
    })
  })

  test('an unknown action says which are known', async () => {
    const { clock, credits } = setUp()
    const error = await rejection(clock.until(credits.charge({ customer: 'ada', action: 'image.hirez' })))
    expect(String(error)).toMatch(
      /no action image\.hirez\. Known ones: image\.standard, image\.hires, chat\./,
    )
  })

  test('a wrong key names the variable', async () => {
    const { clock, credits } = setUp({ apiKey: 'tsk_test_other' })
    const error = await rejection(clock.until(credits.balance('ada')))
    expect(error).toMatchObject({ status: 401, code: 'unauthorized' })
    expect(String(error)).toContain('check TALLYSTICK_API_KEY')
  })

  test('an answer of something else than Tallystick says so', async () => {
    const { clock, credits } = setUp({ fetch: () => new Response('<h1>Hello</h1>', { status: 404 }) })
    expect(String(await rejection(clock.until(credits.prices())))).toContain(
      'Is http://tallystick.test a Tallystick server',
    )
    const other = setUp({ fetch: () => new Response('<h1>Hello</h1>') })
    expect(String(await rejection(other.clock.until(other.credits.prices())))).toContain('not with JSON')
  })

  test('a redirect is not followed but reported', async () => {
    const location = 'https://elsewhere.test/'
    const modes: string[] = []
    const { clock, credits } = setUp({
      fetch: ({ redirect }) => {
        modes.push(redirect)
        return new Response(null, { status: 301, headers: { location } })
      },
    })
    const error = await rejection(clock.until(credits.prices()))
    expect(String(error)).toContain(`redirected to ${location}. Set TALLYSTICK_URL`)
    expect(modes).toEqual(['manual'])
  })
})

describe('addresses', () => {
  test('a customer id is carried byte for byte', async () => {
    const { clock, server, credits } = setUp()
    await clock.until(credits.balance('a/b?c#d ü', { unit: 'credits' }))
    expect(server.requests[0]).toBe('GET /v1/customers/a%2Fb%3Fc%23d%20%C3%BC/balance')
  })

  test.each([undefined, '', '.', '..'])('%j is not sent as a customer', async (customer) => {
    const { server, credits } = setUp()
    await expect(credits.balance(customer as string)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(server.requests).toHaveLength(0)
  })

  test('a server mounted under a path is reached there', async () => {
    const urls: string[] = []
    const fetch = (request: Request) => {
      urls.push(request.url)
      return Response.json({})
    }
    const { clock, credits } = setUp({ url: 'http://app.test/billing/', fetch })
    await clock.until(credits.entries('ada', { limit: 5 }))
    expect(urls).toEqual(['http://app.test/billing/v1/customers/ada/entries?limit=5'])
  })
})

describe('createClient', () => {
  test('a missing address or key is said at once, with its variable', () => {
    expect(() => createClient({ url: '', apiKey: 'k' })).toThrow(/Set TALLYSTICK_URL or pass \{ url \}/)
    expect(() => createClient({ url: 'http://localhost:4100', apiKey: '' })).toThrow(/Set TALLYSTICK_API_KEY/)
    expect(() => createClient({ url: 'localhost:4100', apiKey: 'k' })).toThrow(
      /looks like http:\/\/localhost:4100/,
    )
  })
})
