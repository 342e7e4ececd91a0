import { expectTypeOf, test } from 'vitest'
import { type Client, createClient } from './index.ts'

const catalog = {
  units: { credits: { name: 'Credits' } },
  actions: { 'image.hires': { credits: 5 }, chat: { credits: 10 } },
  packs: { starter: { name: 'Starter', credits: 100 } },
}

const options = { url: 'http://tallystick.test', apiKey: 'tsk_test_x', fetch: () => Response.json({}) }

test('a name that the catalog does not have is a compile error', () => {
  const credits = createClient<typeof catalog>(options)
  const return_url = 'http://app.test/'
  // Compiled, not called: the compiler's errors are the test.
  const calls = () => [
    credits.charge({ customer: 'ada', action: 'image.hires', quantity: 2 }),
    // @ts-expect-error there is no such action
    credits.charge({ customer: 'ada', action: 'image.hirez' }),
    // @ts-expect-error there is no such action
    credits.hold({ customer: 'ada', action: 'image.hirez' }),
    // @ts-expect-error there is no such action
    credits.withCredits({ customer: 'ada', action: 'image.hirez' }, () => 1),
    credits.hold({ customer: 'ada', credits: '2.5', unit: 'credits', expires_in_seconds: 60 }),
    // @ts-expect-error there is no such unit
    credits.hold({ customer: 'ada', credits: '2.5', unit: 'tokens' }),
    // @ts-expect-error either an action or an amount
    credits.charge({ customer: 'ada', action: 'chat', credits: '2' }),
    // @ts-expect-error amounts are decimal strings
    credits.charge({ customer: 'ada', credits: 2 }),
    // @ts-expect-error nothing says what to pay for
    credits.charge({ customer: 'ada' }),
    credits.checkout({ customer: 'ada', pack: 'starter', return_url }),
    // @ts-expect-error there is no such pack
    credits.checkout({ customer: 'ada', pack: 'stater', return_url }),
  ]
  expectTypeOf(calls).toBeFunction()
})

test('without a catalog any name is accepted', () => {
  const credits = createClient(options)
  const calls = () => [
    credits.charge({ customer: 'ada', action: 'anything' }),
    credits.checkout({ customer: 'ada', pack: 'anything', return_url: 'http://app.test/' }),
  ]
  expectTypeOf(calls).toBeFunction()
})

test('a catalog without packs is a catalog', () => {
  const credits = createClient<{ actions: { chat: { credits: number } } }>(options)
  const call = () => credits.charge({ customer: 'ada', action: 'chat' })
  expectTypeOf(call).toBeFunction()
})

test('answers have the types of the wire, and withCredits that of its run', () => {
  const credits = createClient<typeof catalog>(options)
  const balance = () => credits.balance('ada')
  const order = () => credits.order('ord_1')
  const run = () =>
    credits.withCredits({ customer: 'ada', action: 'chat' }, async ({ hold }) => hold.id.length)
  expectTypeOf(balance).returns.resolves.toHaveProperty('spendable').toEqualTypeOf<string>()
  expectTypeOf(order)
    .returns.resolves.toHaveProperty('state')
    .extract<'credited'>()
    .toEqualTypeOf<'credited'>()
  expectTypeOf(run).returns.resolves.toHaveProperty('result').toEqualTypeOf<number>()
  expectTypeOf(run)
    .returns.resolves.toHaveProperty('receipt')
    .toHaveProperty('settled')
    .toEqualTypeOf<boolean>()
})

test('a client of a catalog serves where any client is asked for', () => {
  const credits = createClient<typeof catalog>(options)
  expectTypeOf(credits).toExtend<Client>()
})
