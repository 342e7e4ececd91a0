/** How an app tests what it does with credits: an engine in memory, a bank that does as it is told, and a clock that is set. */
import { createClient } from '@tallystick/client'
import { createTestEngine } from 'tallystick/testing'
import { expect, test } from 'vitest'
import catalog from './tallystick.config.ts'

test('who has run out buys a pack, and goes on', async () => {
  await using shop = await createTestEngine({ catalog })
  const credits = createClient<typeof catalog>(shop.server)
  const enlarge = () => credits.charge({ customer: 'ada', action: 'image.hires' })

  // The welcome credits are good for ten.
  for (let pictures = 0; pictures < 10; pictures += 1) await enlarge()
  await expect(enlarge()).rejects.toMatchObject({ code: 'insufficient_credits' })

  const order = await credits.checkout({ customer: 'ada', pack: 'starter', return_url: 'https://app.test/' })
  const declined = await shop.payments.decline(order, { code: 'EXPIRED_CARD' })
  expect(declined.failure?.message).toBe('This card has expired. Use another card.')
  await shop.payments.pay(order)
  await enlarge()
  expect(await credits.balance('ada')).toMatchObject({ available: '95' })
})

test('a purchase that is given back takes its credits along', async () => {
  await using shop = await createTestEngine({ catalog })
  const credits = createClient<typeof catalog>(shop.server)
  const order = await credits.checkout({ customer: 'ada', pack: 'starter', return_url: 'https://app.test/' })
  await shop.payments.pay(order)
  expect(await credits.balance('ada')).toMatchObject({ available: '150' })
  await shop.payments.refund(order)
  expect(await credits.balance('ada')).toMatchObject({ available: '50' })
})

test('credits that were promised for a call come back when nobody settles it', async () => {
  await using shop = await createTestEngine({ catalog })
  const credits = createClient<typeof catalog>(shop.server)
  await credits.hold({ customer: 'ada', action: 'image.hires', expires_in_seconds: 60 })
  expect(await credits.balance('ada')).toMatchObject({ available: '45', held: '5' })
  await shop.clock.advance({ minutes: 1 })
  expect(await credits.balance('ada')).toMatchObject({ available: '50', held: '0' })
})
