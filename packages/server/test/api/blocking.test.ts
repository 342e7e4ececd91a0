import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noteMerge } from '../../src/merges/note-merge.ts'
import { createOrders } from '../../src/orders/orders.ts'
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts'
import { newCustomer, openApi } from '../support/api.ts'
import { type Books, disputed, openBooks, paid } from '../support/books.ts'

describe.each(['pglite', 'postgres'] as const)('who disputes a payment, on %s', (driver) => {
  let books: Books
  beforeAll(async () => {
    books = await openBooks(driver)
  })
  afterAll(() => books.close())

  async function buyer() {
    const ordered = await books.order()
    await books.tell(paid(ordered))
    const { customer } = ordered.owner
    const orders = createOrders({
      database: books.database,
      mode: 'test',
      provider: await createFakeProvider(),
      catalog: () => books.settleContext().catalog,
      context: books.ledger.context,
      paymentsOf: () => Promise.resolve(new Map()),
    })
    const intent = { customer, pack: 'hundred', quantity: 1, returnUrl: 'http://localhost/' }
    return {
      ordered,
      customer,
      /** Whether a checkout is refused, and nothing is left of it. */
      isBlocked: async (of = customer) => {
        const idempotencyKey = crypto.randomUUID()
        const code = await orders
          .checkout({ ...intent, customer: of, cancelUrl: undefined, idempotencyKey })
          .then(
            ({ state }) => state,
            (error: { code?: string }) => error.code,
          )
        expect(['customer_blocked', 'open']).toContain(code)
        const { orders: all } = await orders.list(of, { limit: 100, before: undefined })
        expect(all.filter(({ state }) => state === 'created')).toEqual([])
        return code === 'customer_blocked'
      },
      block: async () => (await books.customers.put({ customer })).block,
    }
  }

  test('can start no checkout until it is won', async () => {
    const { ordered, isBlocked, block } = await buyer()
    expect(await isBlocked()).toBe(false)
    await books.tell(disputed(ordered))
    expect(await isBlocked()).toBe(true)
    expect(await block()).toMatchObject({
      actor: undefined,
      dispute: `dsp_${ordered.paymentId}`,
      reason: 'A payment is disputed.',
    })
    await books.tell(disputed(ordered, { state: 'won' }))
    expect(await isBlocked()).toBe(false)
    expect(await block()).toBeUndefined()
  })

  test('stays blocked when it is lost, until a person lifts that; and a later dispute blocks anew', async () => {
    const { ordered, customer, isBlocked, block } = await buyer()
    await books.tell(disputed(ordered, { state: 'lost' }))
    expect(await isBlocked()).toBe(true)
    expect(await block()).toMatchObject({ reason: 'A dispute was lost.' })
    const decision = { customer, actor: 'grace', reason: 'They paid by bank' }
    for (let time = 0; time < 2; time += 1)
      expect((await books.customers.unblock(decision)).block).toBeUndefined()
    await books.tell(disputed(ordered, { state: 'lost' }))
    expect(await isBlocked()).toBe(false)
    await books.tell(disputed(ordered, { disputeId: `dsp_${ordered.paymentId}_2` }))
    expect(await isBlocked()).toBe(true)
  })

  test('is left alone where the catalog says so, and not where a person has blocked them', async () => {
    const { ordered, customer, isBlocked, block } = await buyer()
    await books.tell(disputed(ordered))
    try {
      books.use({ disputes: { block: false } })
      expect(await isBlocked()).toBe(false)
      await books.customers.block({ customer, actor: 'grace', reason: 'Stolen card' })
      await books.customers.block({ customer, actor: 'ada', reason: 'The same again' })
      expect(await isBlocked()).toBe(true)
      expect(await block()).toMatchObject({ actor: 'grace', dispute: undefined, reason: 'Stolen card' })
    } finally {
      books.use({})
    }
    await books.tell(disputed(ordered, { state: 'won' }))
    expect(await isBlocked()).toBe(true)
  })

  test('blocks who they turned out to be, and nobody else', async () => {
    const [first, second, other] = [await buyer(), await buyer(), await buyer()]
    await books.database.transaction((tx) =>
      noteMerge(tx, { mode: 'test', customer: first.customer, into: second.customer }),
    )
    await books.tell(disputed(first.ordered))
    expect(await second.isBlocked()).toBe(true)
    expect(await other.isBlocked()).toBe(false)
  })

  test('every decision is kept for good, with who, when and why', async () => {
    const { customer } = await buyer()
    const decide = { customer, actor: 'grace', reason: 'Asked by phone' }
    await books.customers.unblock(decide)
    await books.customers.block(decide)
    await books.customers.unblock({ ...decide, actor: 'ada' })
    const rows = await books.database.transaction((tx) =>
      tx.db
        .selectFrom('customer_blocks')
        .select(['is_blocked', 'actor', 'reason'])
        .where('customer_id', '=', customer)
        .orderBy('at')
        .orderBy('id')
        .execute(),
    )
    expect(rows).toEqual([
      { is_blocked: true, actor: 'grace', reason: 'Asked by phone' },
      { is_blocked: false, actor: 'ada', reason: 'Asked by phone' },
    ])
    await expect(
      books.database.transaction((tx) => tx.db.deleteFrom('customer_blocks').execute()),
    ).rejects.toThrow('customer_blocks')
  })
})

test('POST /v1/customers/{customer}/block and /unblock decide for the API', async () => {
  const api = await openApi({ provider: await createFakeProvider() })
  try {
    const customer = newCustomer()
    const decision = { actor: 'grace', reason: 'Stolen card' }
    const checkout = () =>
      api.post('/v1/checkouts', { customer, pack: 'power', return_url: 'http://localhost/' })
    expect((await api.post(`/v1/customers/${customer}/block`, decision)).json.code).toBe('customer_not_found')
    expect((await checkout()).status).toBe(200)
    const blocked = await api.post(`/v1/customers/${customer}/block`, decision)
    expect(blocked.json).toMatchObject({ id: customer, block: { ...decision, dispute: null } })
    expect((await checkout()).json).toMatchObject({ status: 403, code: 'customer_blocked', customer })
    const shown = await api.call('PUT', `/v1/customers/${customer}`, {})
    expect(shown.json.block).toEqual(blocked.json.block)
    const free = await api.post(`/v1/customers/${customer}/unblock`, decision)
    expect(free.json.block).toBeNull()
    expect((await checkout()).status).toBe(200)
    expect((await api.post(`/v1/customers/${customer}/block`, { actor: 'grace' })).json.code).toBe(
      'invalid_request',
    )
  } finally {
    await api.close()
  }
})
