import { expect, test } from 'vitest'
import { openShop, type Shop } from '../../test/shop.ts'

async function ask({ dodo }: Pick<Shop, 'dodo'>, path = '/customers', key = dodo.apiKey) {
  const response = await fetch(`${dodo.url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  return { status: response.status, header: (name: string) => response.headers.get(`x-ratelimit-${name}`) }
}

// The start of a minute, so that no window ends while a test counts.
const minute = new Date('2026-05-01T10:00:00.000Z')

test('every answer of the API says what is left of the minute, refusals too, and nothing is refused', async () => {
  const shop = await openShop({ now: () => minute })
  const first = await ask(shop)
  expect([first.header('limit'), first.header('remaining')]).toEqual(['240', '239'])
  expect(first.header('reset')).toBe(String(minute.getTime() / 1000 + 60))
  const refused = await ask(shop, '/payments/pay_none')
  expect([refused.status, refused.header('remaining')]).toEqual([404, '238'])
  expect((await ask(shop, '/customers', 'other')).header('remaining')).toBe('237')
  expect((await ask(shop, '/meters')).header('remaining')).toBe('236')
  for (let index = 0; index < 250; index += 1) expect((await ask(shop)).status).toBe(200)
  expect((await ask(shop)).header('remaining')).toBe('1')
})

test('a limit given refuses what is more, by the second and by the minute, until the window ends', async () => {
  let at = minute.getTime()
  const shop = await openShop({ now: () => new Date(at), rateLimit: { perSecond: 2, perMinute: 5 } })
  const statuses = async (count: number) => {
    const answers: number[] = []
    for (let index = 0; index < count; index += 1) answers.push((await ask(shop)).status)
    return answers
  }
  expect(await statuses(3)).toEqual([200, 200, 429])
  at += 1_000
  expect(await statuses(3)).toEqual([200, 200, 429])
  at += 1_000
  expect(await statuses(2)).toEqual([200, 429])
  expect((await ask(shop)).header('remaining')).toBe('0')
  at += 58_000
  expect(await statuses(1)).toEqual([200])
})
