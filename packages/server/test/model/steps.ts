/** What fast-check draws: a history. Things are named by index among those made so far, so that every part of a history is valid. */
import * as fc from 'fast-check'
import type {
  AbovePolicy,
  Category,
  LapsePolicy,
  LotOperation,
  Source,
  SpentPolicy,
  Window,
} from './naive-types.ts'
import { type Span, span, windows } from './timeline.ts'

/** So many credits, or what would just do: all that there is for it, one more, one less. */
export type Amount = { readonly of: number } | { readonly allThereIs: number }

/** Which of the things of a kind, counted from the newest; undefined for one that nobody knows. */
export type Which<Among extends string> = { readonly among: Among; readonly fromNewest: number } | undefined

export type WhichHold = Which<'placed' | 'lapsed' | 'all' | 'of another wallet'>
export type WhichLot = Which<'all' | 'held' | 'of another wallet'>
export type WhichTransaction = Which<'unrefunded' | 'owing' | 'all'>

export type ExpiryStep = Span | { readonly days: number } | { readonly months: number }

export interface LimitStep {
  readonly who: string
  /** Which of the history's two windows. */
  readonly window: 0 | 1
  readonly max: number
}

interface In {
  /** The index of the wallet. */
  readonly wallet: number
}

export interface GrantStep extends In {
  readonly kind: 'grant'
  readonly credits: { readonly of: number } | { readonly aboveTheBrim: 0 | 1 }
  readonly source: Source
  readonly category: Category | undefined
  readonly priority: number
  readonly starts: Span | undefined
  readonly expiry: ExpiryStep | undefined
  readonly scope: readonly string[] | undefined
  readonly repaysDebt: boolean | undefined
  readonly lateReturnDays: number | undefined
}

export interface AdjustStep extends In {
  readonly kind: 'adjust'
  readonly by: 1 | -1
  readonly credits: Amount
}

interface SpendingStep extends In {
  readonly credits: Amount
  readonly action: string | undefined
  readonly limits: readonly LimitStep[]
  readonly isObserved: boolean
}

export interface ChargeStep extends SpendingStep {
  readonly kind: 'charge'
}

export interface HoldStep extends SpendingStep {
  readonly kind: 'hold'
  readonly timeToLive: Span
  readonly onLapse: LapsePolicy | undefined
}

export interface CaptureStep extends In {
  readonly kind: 'capture'
  readonly hold: WhichHold
  readonly credits: Amount | undefined
  readonly isFinal: boolean | undefined
  readonly above: AbovePolicy | undefined
  readonly isObserved: boolean
}

export interface ReleaseStep extends In {
  readonly kind: 'release'
  readonly hold: WhichHold
}

export interface CheckpointStep extends In {
  readonly kind: 'checkpoint'
  readonly hold: WhichHold
  readonly credits: number
}

export interface ExtendStep extends In {
  readonly kind: 'extend'
  readonly hold: WhichHold
  readonly timeToLive: Span
}

export interface RefundStep extends In {
  readonly kind: 'refund'
  readonly transaction: WhichTransaction
  readonly credits: Amount | undefined
}

export interface RevokeStep extends In {
  readonly kind: 'revoke'
  readonly lot: WhichLot
  readonly credits: Amount | undefined
  readonly spent: SpentPolicy | undefined
}

export interface LotStep extends In {
  readonly kind: LotOperation['kind']
  readonly lot: WhichLot
}

/** Asks again what was asked before, under its key. */
export interface RepeatStep {
  readonly kind: 'repeat'
  readonly fromNewest: number
  /** With another body, or in another wallet, where the key is another. */
  readonly change: 'none' | 'body' | 'wallet'
}

export type OperationStep =
  | GrantStep
  | AdjustStep
  | ChargeStep
  | HoldStep
  | CaptureStep
  | ReleaseStep
  | CheckpointStep
  | ExtendStep
  | RefundStep
  | RevokeStep
  | LotStep
  | RepeatStep

/** When on the timeline. */
interface At {
  readonly step: number
}

export interface History {
  /** Two a history, so that what counts in them meets. */
  readonly windows: readonly [Window, Window]
  /** What is asked at the same step goes to the database in one transaction. */
  readonly operations: readonly (At & { readonly operation: OperationStep })[]
  /** Balances and holds that are read after a step: reading must change nothing. */
  readonly reads: readonly (At & In)[]
}

const few = fc.integer({ min: 1, max: 12 })

function weighted<T>(...weights: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof({ withCrossShrink: true }, ...weights.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}

function sometimes<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return weighted<T | undefined>([10 - weight, fc.constant(undefined)], [weight, arbitrary])
}

const amount = weighted<Amount>(
  [5, few.map((of) => ({ of }))],
  [1, fc.integer({ min: 10, max: 50 }).map((of) => ({ of }))],
  [2, fc.constantFrom(0, 0, 0, 1, -1, -1).map((allThereIs) => ({ allThereIs }))],
)

/** Mostly of the last few, so that what is named has a story. */
const fromNewest = weighted([9, fc.nat(5)], [1, fc.nat(120)])

function which<Among extends string>(
  ...weights: readonly (readonly [number, Among])[]
): fc.Arbitrary<Which<Among>> {
  const known = weights.map(
    ([weight, among]) => [weight, fc.record({ among: fc.constant(among), fromNewest })] as const,
  )
  return weighted<Which<Among>>(...known, [1, fc.constant(undefined)])
}

const placedHold = which([20, 'placed'], [1, 'all'], [1, 'of another wallet'])
const capturedHold = which([14, 'placed'], [5, 'lapsed'], [2, 'all'], [1, 'of another wallet'])
const lot = which([10, 'all'], [9, 'held'], [1, 'of another wallet'])
const transaction = which([12, 'unrefunded'], [8, 'owing'], [2, 'all'])

const wallet = weighted([8, fc.constant(0)], [2, fc.constant(1)], [1, fc.constant(2)], [1, fc.constant(3)])
const action = fc.constantFrom(undefined, 'chat', 'image')

const limit = fc.record({
  who: fc.constantFrom('alice', 'alice', 'alice', 'all'),
  window: fc.constantFrom(0, 1),
  max: fc.integer({ min: 3, max: 30 }),
})
const limits = weighted<readonly LimitStep[]>(
  [10, fc.constant([])],
  [7, fc.tuple(limit)],
  [
    3,
    fc.uniqueArray(limit, { minLength: 2, maxLength: 2, selector: ({ who, window }) => `${who} ${window}` }),
  ],
)

const isObserved = sometimes(1, fc.constant(true)).map((is) => is ?? false)

const spending = { wallet, credits: amount, action, limits, isObserved }

const grant: fc.Arbitrary<GrantStep> = fc.record({
  kind: fc.constant('grant'),
  wallet,
  credits: weighted<GrantStep['credits']>(
    [60, fc.integer({ min: 1, max: 60 }).map((of) => ({ of }))],
    [2, fc.constant({ aboveTheBrim: 1 })],
    [1, fc.constant({ aboveTheBrim: 0 })],
  ),
  source: fc.constantFrom<Source>('purchase', 'plan', 'promotion', 'gift', 'referral', 'purchase'),
  category: sometimes(2, fc.constantFrom<Category>('paid', 'promotional')),
  priority: fc.integer({ min: -1, max: 2 }),
  starts: sometimes(
    3,
    fc.oneof(
      span,
      fc.constantFrom(0, -1, -3_600_000).map((ms) => ({ ms })),
    ),
  ),
  expiry: sometimes(
    5,
    weighted<ExpiryStep>(
      [4, span],
      [1, fc.constantFrom(0, 1, -1).map((ms) => ({ ms }))],
      [2, fc.integer({ min: 1, max: 3 }).map((days) => ({ days }))],
      [2, fc.integer({ min: 1, max: 13 }).map((months) => ({ months }))],
    ),
  ),
  scope: sometimes(2, fc.constantFrom(['chat'], ['image'], ['chat', 'image'])),
  repaysDebt: sometimes(2, fc.boolean()),
  lateReturnDays: sometimes(3, fc.integer({ min: 0, max: 2 })),
})

const charge: fc.Arbitrary<ChargeStep> = fc.record({ kind: fc.constant('charge'), ...spending })

const hold: fc.Arbitrary<HoldStep> = fc.record({
  kind: fc.constant('hold'),
  ...spending,
  timeToLive: span,
  onLapse: fc.constantFrom(undefined, 'release', 'charge_checkpoint', 'charge_all'),
})

const operation = weighted<OperationStep>(
  [16, grant],
  [4, fc.record({ kind: fc.constant('adjust'), wallet, by: fc.constantFrom(1, -1), credits: amount })],
  [12, charge],
  [18, hold],
  [
    18,
    fc.record({
      kind: fc.constant('capture'),
      wallet,
      hold: capturedHold,
      credits: weighted<CaptureStep['credits']>(
        [8, amount],
        [2, fc.constant(undefined)],
        [1, fc.constant({ of: 0 })],
      ),
      isFinal: fc.constantFrom(undefined, true, false, false),
      above: fc.constantFrom<AbovePolicy | undefined>(undefined, 'refuse', 'up_to_spendable', 'owe', 'owe'),
      isObserved: sometimes(3, fc.constant(true)).map((is) => is ?? false),
    }),
  ],
  [4, fc.record({ kind: fc.constant('release'), wallet, hold: placedHold })],
  [8, fc.record({ kind: fc.constant('checkpoint'), wallet, hold: placedHold, credits: fc.nat(15) })],
  [3, fc.record({ kind: fc.constant('extend'), wallet, hold: placedHold, timeToLive: span })],
  [10, fc.record({ kind: fc.constant('refund'), wallet, transaction, credits: sometimes(6, amount) })],
  [
    8,
    fc.record({
      kind: fc.constant('revoke'),
      wallet,
      lot,
      credits: sometimes(7, amount),
      spent: fc.constantFrom<SpentPolicy | undefined>(undefined, 'owe', 'forgive'),
    }),
  ],
  [3, fc.record({ kind: fc.constant('freeze'), wallet, lot })],
  [3, fc.record({ kind: fc.constant('unfreeze'), wallet, lot })],
  [2, fc.record({ kind: fc.constant('expire'), wallet, lot })],
  [
    4,
    fc.record({
      kind: fc.constant('repeat'),
      fromNewest: fc.nat(12),
      change: fc.constantFrom('none', 'none', 'body', 'wallet'),
    }),
  ],
)

/** Small lots, so that a charge needs many. */
const smallGrant = fc
  .tuple(grant, fc.integer({ min: 1, max: 10 }))
  .map(([drawn, of]): GrantStep => ({ ...drawn, wallet: 0, credits: { of } }))

const largerAmount = fc.integer({ min: 5, max: 60 }).map((of): Amount => ({ of }))

/** Of a crowded wallet: mostly what may be decided without looking at the lots that wait. */
const crowdedOperation = weighted<OperationStep>(
  [3, smallGrant],
  [3, charge],
  [3, hold],
  [3, fc.tuple(fc.oneof(charge, hold), largerAmount).map(([drawn, credits]) => ({ ...drawn, credits }))],
  [6, operation],
)

/** A history on a timeline of so many steps: of a few lots, or of a wallet that is crowded with them from the start. */
export function history(steps: number): fc.Arbitrary<History> {
  const step = fc.nat(steps - 1)
  const list = <T>(of: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<T[]> =>
    fc.array(of, { maxLength, size: 'max' })
  const common = {
    windows: fc
      .uniqueArray(fc.constantFrom(...windows), { minLength: 2, maxLength: 2 })
      .map(([first, second]): [Window, Window] => [first ?? 'day', second ?? 'week']),
    reads: list(fc.record({ step, wallet }), 3),
  }
  const few = fc.record({ ...common, operations: list(fc.record({ step, operation }), 320) })
  const crowded = fc
    .record({
      ...common,
      opening: list(fc.record({ step: fc.constant(0), operation: smallGrant }), 120),
      after: list(fc.record({ step, operation: crowdedOperation }), 120),
    })
    .map(({ opening, after, ...rest }): History => ({ ...rest, operations: [...opening, ...after] }))
  return weighted<History>([3, few], [1, crowded])
}
