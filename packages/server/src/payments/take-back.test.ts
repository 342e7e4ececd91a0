import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Books,
  disputed,
  type Ordered,
  openBooks,
  ownerOf,
  paid,
  refunded,
} from '../../test/support/books.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { chargeOf, credits, holdOf, newKey } from '../ledger/__fixtures__/operations.ts'
import { bringCredits } from '../merges/bring-credits.ts'
import { noteMerge } from '../merges/note-merge.ts'
import { takeCredits } from '../merges/take-credits.ts'
import type { ProviderEvent } from '../providers/provider.ts'
import type { ProviderDispute } from '../providers/told.ts'

const asOf = new Date('2026-11-25T12:00:00Z')

describe.each(['pglite', 'postgres'] as const)('what money that goes back takes, on %s', (driver) => {
  let books: Books

  beforeAll(async () => {
    books = await openBooks(driver)
  })
  afterAll(() => books.close())
  // Whatever was done: every sum is that of its entries.
  afterEach(async () => {
    const { differences } = await books.ledger.verify()
    if (differences.length > 0) throw new Error(`The books do not balance: ${JSON.stringify(differences)}`)
  })

  /** A hundred credits, bought for 10.00 USD; `before` is told before the payment itself is. */
  async function buy(before: (ordered: Ordered) => readonly ProviderEvent[] = () => []) {
    const ordered = await books.order()
    const { paymentId, owner } = ordered
    const { ledger } = books
    const tell = (...events: readonly ProviderEvent[]) =>
      Promise.all(events.map((event) => books.tell(event, asOf)))
    const telling = paid(ordered)
    await tell(...before(ordered))
    await tell(telling)
    return {
      customer: owner.customer,
      paymentId,
      tell,
      telling,
      refund: (amountMinor: bigint) => refunded(ordered, { amount: { amountMinor, currency: 'USD' } }),
      dispute: (how: Partial<ProviderDispute> = {}) => disputed(ordered, how),
      spend: (decimal: string) => ledger.submit(chargeOf(owner, decimal)),
      hold: async (decimal: string) => (await ledger.submit(holdOf(owner, decimal))).hold!.id,
      release: (holdId: string) =>
        ledger.submit({ kind: 'release', walletId: owner.walletId, key: newKey(), holdId }),
      capture: (holdId: string) =>
        ledger.submit({
          kind: 'capture',
          walletId: owner.walletId,
          key: newKey(),
          holdId,
          credits: undefined,
        }),
      lot: async () => {
        const { lot } = await books.bought(paymentId)
        const { available, held, spent, revoked, pending } = lot
        return Object.fromEntries(
          Object.entries({ available, held, spent, revoked, pending })
            .filter(([, amount]) => amount > 0n)
            .map(([name, amount]) => [name, decimalFromCredits(amount)]),
        )
      },
      /** What can be spent, and what is owed. */
      balance: async () => {
        const { balance } = await ledger.balance(owner)
        return [balance.spendable, balance.debt].map(decimalFromCredits)
      },
      byHand: async (kind: 'freeze' | 'unfreeze') => {
        const { walletId, lotId } = await books.bought(paymentId)
        await ledger.submit({ kind, walletId, key: newKey(), lotId, reason: 'By hand' })
      },
    }
  }

  test('parts take their shares, the last one the rest, and each once however often it is told', async () => {
    const { tell, refund, lot } = await buy()
    const thirds = [refund(333n), refund(333n), refund(334n)]
    await tell(thirds[0]!)
    expect(await lot()).toEqual({ available: '66.7', revoked: '33.3' })
    await tell(thirds[1]!)
    await tell(thirds[0]!)
    expect(await lot()).toEqual({ available: '33.4', revoked: '66.6' })
    await tell(thirds[2]!)
    expect(await lot()).toEqual({ revoked: '100' })
  })

  test('a dispute that is lost, and one that the card network resolved, take nothing that a refund took', async () => {
    for (const how of [
      { state: 'lost' },
      { state: 'lost', stage: 'pre_dispute', isRapidlyResolved: true },
    ] as const) {
      const { tell, refund, dispute, lot, balance } = await buy()
      await tell(refund(1000n))
      await tell(dispute())
      await tell(dispute(how))
      expect(await lot()).toEqual({ revoked: '100' })
      expect(await balance()).toEqual(['0', '0'])
    }
  })

  test('more than was paid goes back, by whatever ways: no more than was granted is taken', async () => {
    const { tell, refund, dispute, lot, spend, balance } = await buy()
    await spend('40')
    await tell(refund(700n))
    await tell(dispute({ state: 'lost' }))
    await tell(refund(700n))
    expect(await lot()).toEqual({ revoked: '100' })
    expect(await balance()).toEqual(['0', '40'])
  })

  test.each([
    ['owe', 'forgive', ['0', '60'], ['0', '0']],
    ['forgive', 'owe', ['0', '0'], ['0', '60']],
  ] as const)(
    'spent credits, when refunds %s and disputes %s',
    async (refundedSpent, disputedSpent, afterRefund, lost) => {
      const [one, other] = [await buy(), await buy()]
      for (const purchase of [one, other]) await purchase.spend('60')
      books.use({ refunds: { spent: refundedSpent }, disputes: { spent: disputedSpent } })
      try {
        await one.tell(one.refund(1000n))
        await other.tell(other.dispute({ state: 'lost' }))
      } finally {
        books.use({})
      }
      expect([await one.balance(), await other.balance()]).toEqual([afterRefund, lost])
      for (const purchase of [one, other]) expect(await purchase.lot()).toEqual({ revoked: '100' })
    },
  )

  test('what a hold has is taken when it comes back, and owed when it is captured', async () => {
    const [released, captured] = [await buy(), await buy()]
    const ends = [
      { ...released, end: released.release },
      { ...captured, end: captured.capture },
    ]
    for (const { hold, tell, refund, lot, end } of ends) {
      const holdId = await hold('30')
      await tell(refund(1000n))
      expect(await lot()).toEqual({ held: '30', pending: '30', revoked: '70' })
      await end(holdId)
      expect(await lot()).toEqual({ revoked: '100' })
    }
    expect([await released.balance(), await captured.balance()]).toEqual([
      ['0', '0'],
      ['0', '30'],
    ])
  })

  test('while a dispute is undecided nothing more is spent; holds end as they would have; when it is won all is free', async () => {
    const { tell, dispute, spend, hold, capture, release, lot, balance } = await buy()
    const [used, unused] = [await hold('10'), await hold('20')]
    await tell(dispute())
    await expect(spend('1')).rejects.toMatchObject({ code: 'insufficient_credits' })
    await capture(used)
    await release(unused)
    await tell(dispute({ state: 'expired' }))
    expect(await balance()).toEqual(['0', '0'])
    await tell(dispute({ state: 'won' }))
    expect(await balance()).toEqual(['90', '0'])
    expect(await lot()).toEqual({ available: '90', spent: '10' })
  })

  test('one that was won is opened again at the next stage, and lost there', async () => {
    const { tell, dispute, lot, balance } = await buy()
    await tell(dispute({ state: 'won' }))
    await tell(dispute({ stage: 'pre_arbitration' }))
    expect(await balance()).toEqual(['0', '0'])
    await tell(dispute({ stage: 'pre_arbitration', state: 'lost' }))
    // What comes late tells what was.
    await tell(dispute(), dispute({ state: 'won' }), dispute({ stage: 'pre_arbitration' }))
    expect(await lot()).toEqual({ revoked: '100' })
  })

  test.each([
    ['before the dispute', ['freeze', 'open', 'won']],
    ['while it is undecided', ['open', 'freeze', 'won']],
    ['again, after it was set free', ['freeze', 'open', 'unfreeze', 'freeze', 'won']],
    ['and disputed again at a later stage', ['open', 'freeze', 'won', 'again', 'won again']],
  ] as const)('what a person froze %s stays frozen until a person sets it free', async (_when, steps) => {
    const { tell, dispute, byHand, balance } = await buy()
    const tellings = {
      open: dispute(),
      won: dispute({ state: 'won' }),
      again: dispute({ stage: 'pre_arbitration' }),
      'won again': dispute({ stage: 'pre_arbitration', state: 'won' }),
    }
    // oxlint-disable-next-line no-await-in-loop
    for (const step of steps)
      await (step === 'freeze' || step === 'unfreeze' ? byHand(step) : tell(tellings[step]))
    expect(await balance()).toEqual(['0', '0'])
    await byHand('unfreeze')
    expect(await balance()).toEqual(['100', '0'])
  })

  test('what a person had frozen and set free is frozen by a dispute, and free after it', async () => {
    const { tell, dispute, byHand, balance } = await buy()
    await byHand('freeze')
    await byHand('unfreeze')
    await tell(dispute())
    expect(await balance()).toEqual(['0', '0'])
    await tell(dispute({ state: 'won' }))
    expect(await balance()).toEqual(['100', '0'])
  })

  test('what a person sets free while a dispute is undecided stays free, whatever is told again, until a later one', async () => {
    const { tell, telling, dispute, byHand, spend, balance, lot } = await buy()
    await tell(dispute())
    await byHand('unfreeze')
    await tell(dispute(), telling, dispute({ state: 'expired' }))
    await spend('30')
    expect(await balance()).toEqual(['70', '0'])
    await tell(dispute({ state: 'won' }))
    expect(await balance()).toEqual(['70', '0'])
    await tell(dispute({ stage: 'pre_arbitration' }))
    expect(await balance()).toEqual(['0', '0'])
    await tell(dispute({ stage: 'pre_arbitration', state: 'lost' }))
    expect(await lot()).toEqual({ revoked: '100' })
    expect(await balance()).toEqual(['0', '30'])
  })

  test('of a lot that somebody revoked by hand, what is left is taken', async () => {
    const { paymentId, tell, refund, lot, balance } = await buy()
    const { walletId, lotId } = await books.bought(paymentId)
    const byHand = { kind: 'revoke', walletId, key: newKey(), lotId, reason: 'By hand' } as const
    await books.ledger.submit({ ...byHand, credits: credits('80') })
    await tell(refund(500n))
    expect(await lot()).toEqual({ revoked: '100' })
    expect(await balance()).toEqual(['0', '0'])
    await tell(refund(500n))
    expect(await lot()).toEqual({ revoked: '100' })
  })

  test('a refund, and a dispute, that are told before their payment wait for it', async () => {
    const quarter = { amountMinor: 250n, currency: 'USD' }
    const one = await buy((ordered) => [refunded(ordered, { amount: quarter })])
    expect(await one.lot()).toEqual({ available: '75', revoked: '25' })
    const other = await buy((ordered) => [disputed(ordered)])
    expect(await other.balance()).toEqual(['0', '0'])
    await other.tell(other.dispute({ state: 'won' }))
    expect(await other.balance()).toEqual(['100', '0'])
  })

  /** Takes what is available to another customer, who is new; it arrives when `arrive` is called. */
  async function mergeAway(customer: string) {
    const into = await books.newCustomer()
    const { context } = books.ledger
    const taken = await books.database.transaction(async (tx) => {
      const merge = await noteMerge(tx, { mode: 'test', customer, into })
      return takeCredits(tx, { merge, unit: 'credits' }, context)
    })
    return {
      into,
      arrive: () => books.database.transaction((tx) => bringCredits(tx, taken!, context)),
      balance: async () => {
        const { balance } = await books.ledger.balance(ownerOf(into))
        return [balance.spendable, balance.debt].map(decimalFromCredits)
      },
    }
  }

  test('credits that a merge took to another are taken back there first, and what was spent before is owed where it was', async () => {
    const { customer, tell, refund, spend, lot, balance } = await buy()
    await spend('40')
    const once = await mergeAway(customer)
    await once.arrive()
    const twice = await mergeAway(once.into)
    await twice.arrive()
    const [half, rest] = [refund(500n), refund(500n)]
    await tell(half)
    expect([await balance(), await once.balance(), await twice.balance()]).toEqual([
      ['0', '0'],
      ['0', '0'],
      ['10', '0'],
    ])
    await tell(rest)
    await tell(half)
    expect(await lot()).toEqual({ revoked: '100' })
    expect([await balance(), await once.balance(), await twice.balance()]).toEqual([
      ['0', '40'],
      ['0', '0'],
      ['0', '0'],
    ])
  })

  test('a dispute freezes credits where a merge took them, and one that is won frees them', async () => {
    const { customer, tell, dispute } = await buy()
    const { into, arrive, balance } = await mergeAway(customer)
    await arrive()
    await tell(dispute())
    expect(await balance()).toEqual(['0', '0'])
    await expect(books.ledger.submit(chargeOf(ownerOf(into), '1'))).rejects.toMatchObject({
      code: 'insufficient_credits',
    })
    await tell(dispute({ state: 'won' }))
    expect(await balance()).toEqual(['100', '0'])
  })

  test('where a merge took some of the credits, what a person froze there stays frozen, and the rest is free', async () => {
    const { customer, tell, dispute, hold, release, balance } = await buy()
    const holdId = await hold('40')
    const { into, arrive, balance: elsewhere } = await mergeAway(customer)
    await arrive()
    await release(holdId)
    const { lots } = await books.ledger.balance(ownerOf(into))
    const { walletId } = ownerOf(into)
    await books.ledger.submit({
      kind: 'freeze',
      walletId,
      key: newKey(),
      lotId: lots[0]!.id,
      reason: 'By hand',
    })
    await tell(dispute())
    expect([await balance(), await elsewhere()]).toEqual([
      ['0', '0'],
      ['0', '0'],
    ])
    const { note } = (await tell(dispute({ state: 'won' })))[0]!
    expect(note).toBe(
      'Of what the payment bought, the credits are free again but for those that a person froze.',
    )
    expect([await balance(), await elsewhere()]).toEqual([
      ['40', '0'],
      ['0', '0'],
    ])
  })

  test('while a merge has credits on their way, money that goes back is settled a moment later', async () => {
    const { customer, tell, refund } = await buy()
    const { arrive, balance } = await mergeAway(customer)
    const all = refund(1000n)
    await expect(tell(all)).rejects.toMatchObject({ code: 'credits_on_their_way', retryable: true })
    await arrive()
    expect(await balance()).toEqual(['100', '0'])
    await tell(all)
    expect(await balance()).toEqual(['0', '0'])
  })

  test('two refunds that are told at once both take their share', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { tell, refund, lot } = await buy()
      await tell(refund(250n), refund(250n))
      expect(await lot()).toEqual({ available: '50', revoked: '50' })
    }
  })

  test('all that is told at once of one payment is settled one after the other', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { tell, telling, refund, dispute, lot, spend, balance } = await buy()
      await spend('50')
      const [one, other] = [refund(250n), refund(250n)]
      await tell(one, other, dispute(), telling, one, dispute({ state: 'lost' }), other, telling)
      expect(await lot()).toEqual({ revoked: '100' })
      expect(await balance()).toEqual(['0', '50'])
    }
  })
})
