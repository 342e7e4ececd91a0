import { describe, expect, test, vi } from 'vitest'
import { FakeServer, type Fault } from '../test/fake-server.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import {
  type AccountingTrouble,
  createClient,
  InsufficientCreditsError,
  TallystickUnavailableError,
} from './index.ts'

function setUp() {
  const clock = new VirtualClock()
  const server = new FakeServer(clock)
  server.give('ada', 50)
  const troubles: (Omit<AccountingTrouble, 'hold'> & { error: unknown })[] = []
  const { url, apiKey, fetch } = server
  const credits = createClient({
    url,
    apiKey,
    fetch,
    surroundings: clock,
    onAccountingError: (error, { step, credits, retrying }) =>
      troubles.push({ error, step, credits, retrying }),
  })
  const fail = (on: RegExp, what: Fault['what'], times?: number) =>
    server.fail({ on, what, ...(times === undefined ? {} : { times }) })
  return { clock, server, credits, troubles, fail }
}

const hires = { customer: 'ada', action: 'image.hires' }

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not reject.')
}

/** A model that never answers and does not listen to the signal. */
function deafModel(): Promise<string> {
  return new Promise(() => {})
}

describe('a run that gives a result', () => {
  test('is paid for, and the receipt says how', async () => {
    const { clock, server, credits } = setUp()
    const { result, receipt } = await clock.until(
      credits.withCredits(hires, async ({ hold }) => {
        expect(hold).toMatchObject({ state: 'placed', credits: '5' })
        expect(server.balanceOf('ada')).toBe('45 available, 5 held')
        return 'picture'
      }),
    )
    expect(result).toBe('picture')
    expect(receipt).toMatchObject({
      held: '5',
      used: '5',
      unit: 'credits',
      paid_from: [{ lot: 'lot_1', credits: '5' }],
      balance: { available: '45', held: '0' },
      settled: true,
    })
    expect(receipt.hold).toBe(server.holds[0]?.id)
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(clock.pendingTimers).toBe(0)
  })

  test.each([
    ['3.5', '3.5', '46.5'],
    [3, '3', '47'],
    [0.1 + 0.2, '0.3', '49.7'],
    [5, '5', '45'],
  ])('that used %s of its hold gets the rest back', async (used, captured, left) => {
    const { clock, server, credits } = setUp()
    const { receipt } = await clock.until(credits.withCredits(hires, ({ use }) => use(used)))
    expect(receipt).toMatchObject({ held: '5', used: captured, settled: true })
    expect(server.balanceOf('ada')).toBe(`${left} available, 0 held`)
  })

  test('that used nothing costs nothing', async () => {
    const { clock, server, credits } = setUp()
    const { receipt } = await clock.until(credits.withCredits(hires, ({ use }) => use(0)))
    expect(receipt).toMatchObject({ used: '0', settled: true })
    expect(server.holds[0]?.state).toBe('released')
  })

  test('that used more than was held pays what was held, and the excess is told', async () => {
    const { clock, server, credits, troubles } = setUp()
    const { receipt } = await clock.until(credits.withCredits(hires, ({ use }) => use('7')))
    expect(receipt).toMatchObject({ used: '5', settled: true })
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(troubles).toMatchObject([
      { step: 'capture', credits: '7', error: { code: 'capture_exceeds_hold' } },
    ])
  })

  test('that used more than was held is asked for in full first, so that the server remembers it', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    const run = credits.withCredits(hires, ({ use }) => {
      use('7')
      fail(/capture/, { status: 422, code: 'capture_exceeds_hold' }, 1)
      fail(/capture/, 'refuse', 25)
    })
    expect((await clock.until(run)).receipt.settled).toBe(false)
    await clock.advance(300_000)
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(new Set(server.requestsTo(/capture/)).size).toBe(2)
    expect(
      troubles.filter(({ error }) => (error as { code?: string }).code === 'capture_exceeds_hold'),
    ).toHaveLength(1)
  })

  test('the last word on use counts, and what is not an amount is refused where it is said', async () => {
    const { clock, server, credits } = setUp()
    const run = credits.withCredits(hires, ({ use }) => {
      for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1.1234567', 'five', '-2', ''])
        expect(() => use(wrong)).toThrow(RangeError)
      use(1)
      use('2.50')
    })
    expect((await clock.until(run)).receipt.used).toBe('2.5')
    expect(server.balanceOf('ada')).toBe('47.5 available, 0 held')
  })

  test('is paid once when answers of the hold and of the capture are lost', async () => {
    const { clock, server, credits, fail } = setUp()
    fail(/POST \/v1\/holds$/, 'lose', 2)
    fail(/capture/, 'lose', 2)
    const run = vi.fn(() => 'picture')
    await clock.until(credits.withCredits(hires, run))
    expect(run).toHaveBeenCalledTimes(1)
    expect(server.holds).toHaveLength(1)
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
  })

  test('that ended its hold by itself is taken at its word', async () => {
    const { clock, server, credits, troubles } = setUp()
    const { receipt } = await clock.until(
      credits.withCredits(hires, async ({ hold }) => void (await credits.capture(hold.id, { credits: '2' }))),
    )
    expect(receipt).toMatchObject({ used: '2', settled: true })
    expect(server.balanceOf('ada')).toBe('48 available, 0 held')
    expect(troubles).toEqual([])
  })
})

describe('a run that gives none', () => {
  test('costs nothing when it throws, and its error comes through unchanged', async () => {
    const { clock, server, credits } = setUp()
    const error = new Error('the model failed')
    for (const run of [
      () => Promise.reject(error),
      () => {
        throw error
      },
    ]) {
      expect(await rejection(clock.until(credits.withCredits(hires, run)))).toBe(error)
    }
    expect(server.holds.map((hold) => hold.state)).toEqual(['released', 'released'])
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
  })

  test('keeps its error when the release fails too; the failure is told and the hold lapses', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    fail(/release/, 'refuse')
    const error = new Error('the model failed')
    const began = clock.now()
    expect(await rejection(clock.until(credits.withCredits(hires, () => Promise.reject(error))))).toBe(error)
    // The caller is not kept waiting for a server that is away.
    expect(clock.now() - began).toBeLessThanOrEqual(1_000)
    await clock.advance(20_000)
    expect(troubles).toMatchObject([{ step: 'release', retrying: false, error: { code: 'unreachable' } }])
    expect(server.balanceOf('ada')).toBe('45 available, 5 held')
    await clock.advance(300_000)
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
    expect(server.holds[0]?.state).toBe('lapsed')
  })

  test('is not begun when there are too few credits', async () => {
    const { clock, server, credits } = setUp()
    const run = vi.fn(() => 'picture')
    const error = await rejection(clock.until(credits.withCredits({ ...hires, customer: 'bob' }, run)))
    expect(error).toBeInstanceOf(InsufficientCreditsError)
    expect(run).not.toHaveBeenCalled()
    expect(server.holds).toEqual([])
  })

  test('is not begun when the server is out of reach: it never fails open', async () => {
    const { clock, credits, fail } = setUp()
    fail(/holds/, 'refuse')
    const run = vi.fn(() => 'picture')
    expect(await rejection(clock.until(credits.withCredits(hires, run)))).toBeInstanceOf(
      TallystickUnavailableError,
    )
    expect(run).not.toHaveBeenCalled()
  })

  test('costs nothing when it is aborted, though it ignores the signal', async () => {
    const { clock, server, credits } = setUp()
    const abort = new AbortController()
    const reason = new Error('the user left')
    const signals: AbortSignal[] = []
    const running = rejection(
      credits.withCredits({ ...hires, signal: abort.signal }, ({ signal }) => {
        signals.push(signal)
        return deafModel()
      }),
    )
    await clock.settle()
    expect(server.balanceOf('ada')).toBe('45 available, 5 held')
    abort.abort(reason)
    expect(await clock.until(running)).toBe(reason)
    expect(signals[0]?.reason).toBe(reason)
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
  })

  test('is not begun and costs nothing when it is aborted while its hold is placed', async () => {
    const { clock, server, credits, fail } = setUp()
    fail(/POST \/v1\/holds$/, { lateMs: 2_000 })
    const abort = new AbortController()
    const run = vi.fn(() => 'picture')
    const running = rejection(credits.withCredits({ ...hires, signal: abort.signal }, run))
    await clock.settle()
    abort.abort(new Error('the user left'))
    expect(await running).toEqual(new Error('the user left'))
    await clock.advance(5_000)
    expect(run).not.toHaveBeenCalled()
    expect(server.holds.map((hold) => hold.state)).toEqual(['released'])
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
  })

  test('asks for nothing when it was aborted before', async () => {
    const { server, credits } = setUp()
    const reason = new Error('too late')
    const running = credits.withCredits({ ...hires, signal: AbortSignal.abort(reason) }, () => 1)
    expect(await rejection(running)).toBe(reason)
    expect(server.requests).toEqual([])
  })

  test('costs nothing when it takes too long, though it ignores the signal', async () => {
    const { clock, server, credits } = setUp()
    const began = clock.now()
    const reasons: unknown[] = []
    const running = credits.withCredits({ ...hires, timeoutMs: 8_000 }, ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      return deafModel()
    })
    const error = await rejection(clock.until(running))
    expect(error).toMatchObject({ name: 'TimeoutError', message: 'The run took longer than 8000 ms.' })
    expect(reasons).toEqual([error])
    expect(clock.now() - began).toBe(8_000)
    expect(server.balanceOf('ada')).toBe('50 available, 0 held')
  })

  test('a late failure of a run that was given up harms nobody', async () => {
    const { clock, credits } = setUp()
    const late = Promise.withResolvers<string>()
    await rejection(clock.until(credits.withCredits({ ...hires, timeoutMs: 100 }, () => late.promise)))
    late.reject(new Error('too late'))
    // An unhandled rejection would fail the test run.
    await clock.settle()
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('the hold', () => {
  test('outlives the longest run by the time that its capture may take', async () => {
    const { clock, server, credits } = setUp()
    const lifeSeconds = () => server.holds.map((hold) => (hold.expiresAt - hold.placedAt) / 1000)
    await clock.until(credits.withCredits(hires, () => 1))
    await clock.until(credits.withCredits({ ...hires, timeoutMs: 90_000 }, () => 1))
    await clock.until(credits.withCredits({ ...hires, timeoutMs: 90_000, expires_in_seconds: 7 }, () => 1))
    expect(lifeSeconds()).toEqual([300, 150, 7])
  })

  test('that lapsed during a long run is charged afterwards, once', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    fail(/capture/, 'lose', 2)
    const { result, receipt } = await clock.until(
      credits.withCredits({ ...hires, expires_in_seconds: 10 }, async () => {
        await clock.sleep(11_000)
        expect(server.balanceOf('ada')).toBe('50 available, 0 held')
        return 'picture'
      }),
    )
    expect(result).toBe('picture')
    expect(receipt).toMatchObject({ held: '5', used: '5', settled: true, balance: { available: '45' } })
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(troubles).toEqual([])
  })

  test('of a run without limits lives as long as the run', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    fail(/extend/, 'refuse', 1)
    await clock.until(credits.withCredits(hires, () => clock.sleep(3_600_000)))
    expect(server.holds).toMatchObject([{ state: 'captured' }])
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(troubles).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  test('of a run that never ends is let go after a day', async () => {
    const { clock, server, credits } = setUp()
    const abort = new AbortController()
    const running = rejection(credits.withCredits({ ...hires, signal: abort.signal }, deafModel))
    await clock.advance(86_000_000)
    expect(server.holds).toMatchObject([{ state: 'placed' }])
    await clock.advance(1_000_000)
    expect(server.holds).toMatchObject([{ state: 'lapsed' }])
    abort.abort()
    await clock.until(running)
    expect(clock.pendingTimers).toBe(0)
  })

  test('is told what was used so far, and a server that does not hear it disturbs nothing', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    const { receipt } = await clock.until(
      credits.withCredits(hires, async ({ checkpoint }) => {
        await checkpoint(1.5)
        expect(server.holds).toMatchObject([{ checkpoint: '1.5' }])
        fail(/checkpoint/, 'refuse')
        await checkpoint('2.5')
        await expect(checkpoint(-1)).rejects.toThrow(RangeError)
      }),
    )
    expect(receipt).toMatchObject({ used: '2.5', settled: true })
    expect(troubles).toEqual([])
  })

  test('that lapsed is charged for what was used', async () => {
    const { clock, server, credits } = setUp()
    await clock.until(
      credits.withCredits({ ...hires, expires_in_seconds: 10 }, async ({ use }) => {
        use('1.25')
        await clock.sleep(11_000)
      }),
    )
    expect(server.balanceOf('ada')).toBe('48.75 available, 0 held')
  })

  test('that lapsed, with the credits gone since, still leaves the result', async () => {
    const { clock, credits, troubles } = setUp()
    const { result, receipt } = await clock.until(
      credits.withCredits({ ...hires, expires_in_seconds: 10 }, async () => {
        await clock.sleep(11_000)
        await credits.charge({ customer: 'ada', credits: '50' })
        return 'picture'
      }),
    )
    expect(result).toBe('picture')
    expect(receipt).toMatchObject({ used: '0', settled: false })
    expect(troubles).toMatchObject([
      { step: 'capture', retrying: false, error: { code: 'insufficient_credits' } },
    ])
  })
})

describe('a run that is observed', () => {
  test.each(['by the server', 'by its own word'])(
    '%s is charged what there is, and troubles nobody',
    async (by) => {
      const { clock, server, credits, troubles } = setUp()
      server.isObserving = by === 'by the server'
      const poor = { ...hires, customer: 'eve', ...(server.isObserving ? {} : { observe: true }) }
      server.give('eve', 3)
      const { result, receipt } = await clock.until(
        credits.withCredits(poor, ({ use, hold }) => {
          expect(hold).toMatchObject({ credits: '3', would_refuse: { code: 'insufficient_credits' } })
          server.give('eve', 1)
          use('5')
          return 'picture'
        }),
      )
      expect(result).toBe('picture')
      expect(receipt).toMatchObject({ held: '3', used: '4', settled: true })
      expect(server.balanceOf('eve')).toBe('0 available, 0 held')
      expect(server.requestsTo(/capture/)).toHaveLength(1)
      expect(troubles).toEqual([])
    },
  )

  test('is told of use above what was to be held, which is charged', async () => {
    const { clock, server, credits, troubles } = setUp()
    server.isObserving = true
    const { receipt } = await clock.until(credits.withCredits(hires, ({ use }) => use('7')))
    expect(receipt).toMatchObject({ held: '5', used: '7', settled: true })
    expect(server.balanceOf('ada')).toBe('43 available, 0 held')
    expect(troubles).toMatchObject([
      { step: 'capture', credits: '7', error: { code: 'capture_exceeds_hold' } },
    ])
  })

  test('and outlives its hold is charged at once, and told when that is not all', async () => {
    const { clock, server, credits, troubles } = setUp()
    server.isObserving = true
    const late = (spent: string) =>
      credits.withCredits({ ...hires, expires_in_seconds: 10 }, async () => {
        await clock.sleep(11_000)
        await credits.charge({ customer: 'ada', credits: spent })
      })
    expect((await clock.until(late('10'))).receipt).toMatchObject({ used: '5', settled: true })
    expect(troubles).toEqual([])
    expect((await clock.until(late('33'))).receipt).toMatchObject({ used: '2', settled: false })
    expect(troubles).toMatchObject([{ credits: '5', error: { code: 'insufficient_credits' } }])
    expect(server.requestsTo(/capture/)).toHaveLength(2)
  })
})

describe('a capture that fails', () => {
  test('leaves the result, is told, and is made up for when the server is back, once', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    // Away for the call's eleven attempts or so and the first of those in the background; then an answer is lost.
    fail(/capture/, 'refuse', 25)
    fail(/capture/, 'lose', 1)
    const { result, receipt } = await clock.until(credits.withCredits(hires, () => 'picture'))
    expect(result).toBe('picture')
    expect(receipt).toMatchObject({ held: '5', used: '5', settled: false })
    expect(troubles).toMatchObject([{ step: 'capture', credits: '5', retrying: true }])
    expect(troubles[0]?.error).toBeInstanceOf(TallystickUnavailableError)
    expect(server.holds[0]?.state).toBe('placed')

    await clock.advance(120_000)
    expect(server.holds[0]?.state).toBe('captured')
    expect(server.balanceOf('ada')).toBe('45 available, 0 held')
    expect(new Set(server.requestsTo(/capture/)).size).toBe(1)
    expect(troubles).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  test('for good is given up in the end, told again, and the hold lapses', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    fail(/capture/, 'refuse')
    await clock.until(credits.withCredits(hires, () => 'picture'))
    await clock.advance(3_600_000)
    expect(troubles.map((trouble) => trouble.retrying)).toEqual([true, false])
    expect(server.holds[0]?.state).toBe('lapsed')
    expect(clock.pendingTimers).toBe(0)
  })

  test('by a refusal is told and not tried again', async () => {
    const { clock, server, credits, troubles, fail } = setUp()
    fail(/capture/, { status: 404, code: 'hold_not_found' })
    const { result, receipt } = await clock.until(credits.withCredits(hires, () => 'picture'))
    expect(result).toBe('picture')
    expect(receipt.settled).toBe(false)
    expect(troubles).toMatchObject([{ retrying: false, error: { code: 'hold_not_found' } }])
    await clock.advance(3_600_000)
    expect(server.requestsTo(/capture/)).toHaveLength(1)
  })

  test('leaves the result when the hook throws too', async () => {
    const { clock, server, fail } = setUp()
    fail(/capture/, { status: 404, code: 'hold_not_found' })
    const { url, apiKey, fetch } = server
    const credits = createClient({
      url,
      apiKey,
      fetch,
      surroundings: clock,
      onAccountingError: () => {
        throw new Error('the hook is broken')
      },
    })
    expect((await clock.until(credits.withCredits(hires, () => 'picture'))).result).toBe('picture')
  })

  test('is a process warning when no hook is given', async () => {
    const { clock, server, fail } = setUp()
    fail(/capture/, { status: 404, code: 'hold_not_found' })
    const { url, apiKey, fetch } = server
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const credits = createClient({ url, apiKey, fetch, surroundings: clock })
    await clock.until(credits.withCredits(hires, () => 'picture'))
    expect(warn.mock.calls[0]?.[0]).toMatch(/The capture of hold_1 \(5 credits\) failed.*hold_not_found/)
    warn.mockRestore()
  })
})

test('fifty runs at once with credits for ten: ten results, forty refusals, nothing left over', async () => {
  const { clock, server, credits, fail } = setUp()
  // Lost answers among them, so that some holds and captures are asked for twice.
  fail(/POST \/v1\/holds$/, 'lose', 15)
  fail(/capture/, 'lose', 5)
  const runs = Array.from({ length: 50 }, () => credits.withCredits(hires, () => 'picture'))
  const outcomes = await clock.until(Promise.allSettled(runs))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(10)
  expect(refused.every((outcome) => outcome.reason instanceof InsufficientCreditsError)).toBe(true)
  expect(server.balanceOf('ada')).toBe('0 available, 0 held')
})
