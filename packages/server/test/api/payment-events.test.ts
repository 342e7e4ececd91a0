import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Books, disputed, type Ordered, openBooks, paid, refunded } from '../support/books.ts'

describe.each(['pglite', 'postgres'] as const)('what is told of a payment, on %s', (driver) => {
  let books: Books
  beforeAll(async () => {
    books = await openBooks(driver)
  })
  afterAll(() => books.close())

  async function eventsOf({ paymentId }: Ordered) {
    const rows = await books.database.transaction((tx) =>
      tx.db.selectFrom('events').select(['type', 'wallet_id', 'data', 'mode']).orderBy('id').execute(),
    )
    return rows.filter(({ data }) => (data as { payment?: string }).payment === paymentId)
  }

  test('an event each for credits that come and go, once however often it is told', async () => {
    const ordered = await books.order()
    const { orderId: order, paymentId: payment, owner } = ordered
    const { walletId } = owner
    const refund = refunded(ordered, { amount: { amountMinor: 250n, currency: 'USD' } })
    for (const event of [paid(ordered), paid(ordered), refund, paid(ordered), refund]) {
      // oxlint-disable-next-line no-await-in-loop
      await books.tell(event)
    }
    const about = { provider: 'dodo', payment, order, lot: expect.any(String) }
    expect(await eventsOf(ordered)).toEqual([
      {
        type: 'order.credited',
        mode: 'test',
        wallet_id: walletId,
        data: { ...about, credits: '100' },
      },
      {
        type: 'credits.taken_back',
        mode: 'test',
        wallet_id: walletId,
        data: { ...about, credits: '25', total: '25' },
      },
    ])
  })

  test('a dispute is opened, decided, and opened again at a later stage', async () => {
    const ordered = await books.order()
    const at = (minute: number) => new Date(Date.UTC(2026, 10, 25, 12, minute))
    const last = { stage: 'pre_arbitration' as const }
    await books.tell(disputed(ordered), at(0))
    await books.tell(disputed(ordered, { state: 'expired' }), at(1))
    await books.tell(disputed(ordered, { state: 'won' }), at(2))
    await books.tell(disputed(ordered, { state: 'won' }), at(2))
    await books.tell(disputed(ordered), at(0))
    await books.tell(disputed(ordered, last), at(3))
    await books.tell(disputed(ordered, { ...last, state: 'lost' }), at(4))
    expect((await eventsOf(ordered)).map(({ type, data }) => ({ type, ...data }))).toMatchObject([
      { type: 'dispute.opened', stage: 'dispute' },
      { type: 'dispute.decided', outcome: 'won' },
      { type: 'dispute.opened', stage: 'pre_arbitration' },
      { type: 'dispute.decided', outcome: 'lost' },
    ])
  })

  test('a payment that waits for a person says so once for each reason', async () => {
    const ordered = await books.order()
    const of = (...productIds: string[]) =>
      paid(ordered, { cart: productIds.map((productId) => ({ productId, quantity: 1 })) })
    for (const event of [of('pdt_other'), of('pdt_other'), of('pdt_third')]) {
      // oxlint-disable-next-line no-await-in-loop
      await books.tell(event)
    }
    expect(await eventsOf(ordered)).toMatchObject([
      {
        type: 'payment.flagged',
        data: { order: ordered.orderId, note: expect.stringContaining('pdt_other') },
      },
      { type: 'payment.flagged', data: { note: expect.stringContaining('pdt_third') } },
    ])
    const nobodys = await books.order()
    const link = paid(nobodys, { orderId: undefined, cart: [{ productId: 'pdt_other', quantity: 1 }] })
    await books.tell(link)
    await books.tell(link)
    expect(await eventsOf(nobodys)).toMatchObject([{ type: 'payment.unassigned', wallet_id: null }])
  })

  test('what is rolled back has told nothing', async () => {
    const ordered = await books.order()
    const failing = books.database.transaction(async (tx) => {
      await books.tellIn(tx, paid(ordered))
      throw new Error('the process died')
    })
    await expect(failing).rejects.toThrow('the process died')
    expect(await eventsOf(ordered)).toEqual([])
  })
})
