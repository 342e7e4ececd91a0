/** The two doors of the ledger against each other: an order is credited in its own transaction while the lanes are busy with the same wallet. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { chargeOf, grantOf } from '../../src/ledger/__fixtures__/operations.ts'
import { type Driver, openShop, openTestDatabase, payInBrowser } from '../support/shop.ts'

describe.each<Driver>(['postgres', 'pglite'])('orders of a wallet whose lane is busy, on %s', (driver) => {
  test('are credited, once each, and hold up nobody', async () => {
    await using opened = new AsyncDisposableStack()
    const database = await openTestDatabase(driver)
    opened.defer(() => database.close())
    const shop = await openShop({ database })
    opened.defer(() => shop.close())
    const owner = { mode: 'test', customer: 'alice', unit: 'credits' } as const
    await shop.ledger.submit(grantOf(owner, '10000'))

    const checkouts: string[] = []
    for (let order = 0; order < 4; order += 1) {
      const { body } = await shop.request('POST', '/v1/checkouts', {
        customer: 'alice',
        pack: 'starter',
        quantity: 1,
        return_url: 'http://localhost:3000/',
      })
      checkouts.push(body.checkout_url)
    }

    let charged = 0
    const paid = new AbortController()
    async function keepBusy(): Promise<void> {
      const chargesMax = 2000
      while (!paid.signal.aborted && charged < chargesMax) {
        charged += 1
        await shop.ledger.submit(chargeOf(owner, '1'))
      }
    }
    onTestFinished(() => {
      paid.abort()
    })
    const callers = 50
    const busy = Array.from({ length: callers }, keepBusy)
    await Promise.all(checkouts.map((checkout) => payInBrowser(checkout)))
    await shop.dodo.settle()
    const states = async () => {
      const { orders } = await shop.orders.list('alice', { limit: 10, before: undefined })
      return orders.map((order) => order.state)
    }
    await expect.poll(states, { timeout: 20_000, interval: 10 }).toEqual(Array(4).fill('credited'))
    paid.abort()
    await Promise.all(busy)

    const { balance } = await shop.ledger.balance(owner)
    expect(decimalFromCredits(balance.available)).toBe(String(10_000 + 4 * 100 - charged))
    expect(charged).toBeGreaterThan(2 * callers)
    expect((await shop.ledger.verify()).differences).toEqual([])
  })
})
