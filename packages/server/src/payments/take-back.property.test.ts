/**
 * Whatever is told of a payment, and in whatever order: in the end as much is taken back, and the lot is as frozen, as a model says that knows only
 * how everything ended.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Books, disputed, type Ordered, openBooks, paid, refunded } from '../../test/support/books.ts'
import { micros } from '../kernel/credits.ts'
import { chargeOf, holdOf } from '../ledger/__fixtures__/operations.ts'
import type { ProviderEvent } from '../providers/provider.ts'
import type { ProviderDispute, ProviderRefund } from '../providers/told.ts'

let books: Books

beforeAll(async () => {
  books = await openBooks('pglite')
})
afterAll(() => books.close())

type RefundPath = readonly ProviderRefund['state'][]
type DisputeStep = Pick<ProviderDispute, 'state' | 'stage' | 'isRapidlyResolved'>

// How a refund may go at Dodo: it has one end.
const refundPaths: readonly RefundPath[] = [
  ['succeeded'],
  ['pending'],
  ['pending', 'succeeded'],
  ['pending', 'failed'],
  ['pending', 'review'],
  ['pending', 'review', 'succeeded'],
  ['review', 'failed'],
]

const at = (stage: ProviderDispute['stage'], ...states: readonly ProviderDispute['state'][]): DisputeStep[] =>
  states.map((state) => ({ stage, state, isRapidlyResolved: false }))

// How a dispute may go: what was won may be disputed again at the next stage; what is lost is lost.
const disputePaths: readonly (readonly DisputeStep[])[] = [
  at('dispute', 'open'),
  at('dispute', 'open', 'expired'),
  at('dispute', 'open', 'expired', 'lost'),
  at('dispute', 'open', 'won'),
  at('dispute', 'open', 'lost'),
  at('pre_dispute', 'open', 'won'),
  [
    { stage: 'pre_dispute', state: 'open', isRapidlyResolved: false },
    { stage: 'pre_dispute', state: 'lost', isRapidlyResolved: true },
  ],
  [...at('pre_dispute', 'open', 'won'), ...at('dispute', 'open')],
  [...at('pre_dispute', 'open'), ...at('dispute', 'open', 'open', 'won')],
  [...at('dispute', 'open', 'won'), ...at('pre_arbitration', 'open')],
  [...at('dispute', 'open', 'won'), ...at('pre_arbitration', 'open', 'lost')],
  [...at('dispute', 'open', 'won'), ...at('pre_arbitration', 'open', 'won')],
]

interface Purchase {
  readonly pack: 'grain' | 'hundred'
  readonly quantity: number
  readonly totalMinor: bigint
  /** Parts of the total, of 1,000; two may be more than all of it. */
  readonly refunds: readonly { readonly perThousand: number; readonly path: RefundPath }[]
  readonly disputes: readonly { readonly perThousand: number; readonly path: readonly DisputeStep[] }[]
  /** In which order all is told, some of it several times, and some of it never. */
  readonly shuffle: readonly number[]
  /** Before which tellings something is spent or held: of what can be spent, so many of 1,000. */
  readonly uses: readonly {
    readonly before: number
    readonly perThousand: number
    readonly isHeld: boolean
  }[]
}

const perThousand = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constantFrom(333, 500, 1000))

const purchases = fc.record<Purchase>({
  pack: fc.constantFrom('grain', 'hundred'),
  quantity: fc.integer({ min: 1, max: 5 }),
  totalMinor: fc.oneof(fc.bigInt(1n, 12n), fc.bigInt(1n, 1_000_000n)),
  refunds: fc.array(fc.record({ perThousand, path: fc.constantFrom(...refundPaths) }), { maxLength: 3 }),
  disputes: fc.array(fc.record({ perThousand, path: fc.constantFrom(...disputePaths) }), { maxLength: 2 }),
  shuffle: fc.array(fc.nat(1_000_000), { minLength: 40, maxLength: 40 }),
  uses: fc.array(
    fc.record({ before: fc.nat(12), perThousand: fc.integer({ min: 1, max: 1000 }), isHeld: fc.boolean() }),
    { maxLength: 3 },
  ),
})

// In this currency nobody compares with the price, so the total may be anything.
const currency = 'JPY'

interface Telling {
  readonly event: ProviderEvent
  /** How something ended is told in the end; what was on the way may never be. */
  readonly isNeeded: boolean
}

function tellingsOf(purchase: Purchase, ordered: Ordered): Telling[] {
  const { paymentId } = ordered
  const minor = (part: number) => (purchase.totalMinor * BigInt(part)) / 1000n
  const tellings: Telling[] = []
  const refunds = new Map<string, ProviderRefund>()
  const disputes = new Map<string, ProviderDispute>()

  function tellPayment(isNeeded: boolean): void {
    const back = [...refunds.values()].filter(({ state }) => state === 'succeeded')
    const sum = back.reduce((so, { amount }) => so + (amount?.amountMinor ?? 0n), 0n)
    const event = paid(ordered, {
      cart: [{ productId: `pdt_${purchase.pack}`, quantity: purchase.quantity }],
      charged: { total: { amountMinor: purchase.totalMinor, currency }, taxMinor: 0n },
      isFullyRefunded: sum >= purchase.totalMinor,
      refunds: [...refunds.values()],
      disputes: [...disputes.values()],
    })
    tellings.push({ event, isNeeded })
  }

  tellPayment(true)
  for (const [index, { perThousand, path }] of purchase.refunds.entries()) {
    const amount = { amountMinor: minor(perThousand), currency }
    for (const [step, state] of path.entries()) {
      const event = refunded(ordered, { refundId: `${paymentId}_refund_${index}`, state, amount })
      refunds.set(event.refund.refundId, event.refund)
      tellings.push({ event, isNeeded: step === path.length - 1 })
      if (index === 1) tellPayment(false)
    }
  }
  for (const [index, { perThousand, path }] of purchase.disputes.entries()) {
    const amount = { amountMinor: minor(perThousand), currency }
    for (const [step, how] of path.entries()) {
      const event = disputed(ordered, { disputeId: `${paymentId}_dispute_${index}`, ...how, amount })
      disputes.set(event.dispute.disputeId, event.dispute)
      tellings.push({ event, isNeeded: step === path.length - 1 })
      if (index === 0) tellPayment(false)
    }
  }
  return tellings
}

interface Told {
  readonly event: ProviderEvent
  readonly asOf: Date
}

/**
 * All that is needed at least once, some of the rest, some twice, in an order of its own. The times are any: a message may be signed anew long after it was
 * written, and two within one second.
 */
function disordered(tellings: readonly Telling[], shuffle: readonly number[]): Told[] {
  const chance = (index: number) => shuffle[index % shuffle.length] ?? 0
  const told = tellings.flatMap((telling, index) => {
    const times = (telling.isNeeded ? 1 : 0) + (chance(index) % 3 === 0 ? 1 : 0)
    return Array.from({ length: times }, (_, time) => ({ telling, rank: chance(index * 7 + time * 3 + 1) }))
  })
  return told
    .sort((a, b) => a.rank - b.rank)
    .map(({ telling: { event } }, index) => ({ event, asOf: new Date((chance(index * 11) % 5) * 1000) }))
}

/** What all must come to: the model knows nothing of the order. */
function expected({ pack, quantity, totalMinor, refunds, disputes }: Purchase) {
  const granted = BigInt(quantity) * (pack === 'grain' ? 7n : 100_000_000n)
  const minor = (part: number) => (totalMinor * BigInt(part)) / 1000n
  const ends = disputes.map(({ path }) => path.at(-1)?.state)
  let back = 0n
  for (const { perThousand, path } of refunds) if (path.at(-1) === 'succeeded') back += minor(perThousand)
  for (const [index, { perThousand }] of disputes.entries())
    if (ends[index] === 'lost') back += minor(perThousand)
  return {
    revoked: back >= totalMinor ? granted : (granted * back) / totalMinor,
    isFrozen: ends.some((end) => end === 'open' || end === 'expired'),
  }
}

test('any order and repetition of what is told of a payment ends in the same credits', async () => {
  await fc.assert(
    fc.asyncProperty(purchases, async (purchase) => {
      const ordered = await books.order(purchase)
      const told = disordered(tellingsOf(purchase, ordered), purchase.shuffle)
      for (const [index, { event, asOf }] of told.entries()) {
        for (const use of purchase.uses) if (use.before === index) await spend(ordered, use)
        await books.tell(event, asOf)
      }
      const { revoked, isFrozen, lot } = await books.bought(ordered.paymentId)
      expect({ revoked, isFrozen }).toEqual(expected(purchase))
      // The ledger took as much, or will when a hold ends.
      expect({ revoked: lot.revoked + lot.pending, isFrozen: lot.isFrozen }).toEqual({ revoked, isFrozen })
    }),
    { numRuns: 60 },
  )
  expect((await books.ledger.verify()).differences).toEqual([])
})

async function spend({ owner }: Ordered, { perThousand, isHeld }: Purchase['uses'][number]): Promise<void> {
  const { balance } = await books.ledger.balance(owner)
  const credits = micros((balance.spendable * BigInt(perThousand)) / 1000n)
  if (credits === 0n || balance.debt > 0n) return
  await books.ledger.submit({ ...(isHeld ? holdOf(owner, '1') : chargeOf(owner, '1')), credits })
}
