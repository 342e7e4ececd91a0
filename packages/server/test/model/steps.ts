/** What fast-check draws: a history's steps. Things are named by index among those made so far, so that every part of a history is valid. */
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

/** So many credits, or what would just do: all that there is for it, one more, one less. */
export type Amount = { readonly of: number } | { readonly allThereIs: number }

/** Which of the things of a kind, counted from the newest; undefined for one that nobody knows. */
export type Which<Among extends string> = { readonly among: Among; readonly fromNewest: number } | undefined

export type WhichHold = Which<'placed' | 'lapsed' | 'all' | 'of another wallet'>
export type WhichLot = Which<'all' | 'held' | 'of another wallet'>
export type WhichTransaction = Which<'unrefunded' | 'owing' | 'all'>

export type ExpiryStep = { readonly inMs: number } | { readonly days: number } | { readonly months: number }

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
  readonly startsInMs: number | undefined
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
  readonly timeToLiveMs: number
  readonly onLapse: LapsePolicy | undefined
}

export interface CaptureStep extends In {
  readonly kind: 'capture'
  readonly hold: WhichHold
  readonly credits: Amount | undefined
  readonly isFinal: boolean | undefined
  readonly above: AbovePolicy | undefined
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
  readonly timeToLiveMs: number
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
  readonly isChanged: boolean
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

/** How the database's clock goes on: by some time, or to when time does something to a wallet or a limit, or just before or after. */
export type TimeStep =
  | { readonly ms: number }
  | { readonly months: number }
  | { readonly of: 'a wallet' | 'a window'; readonly toInstant: number; readonly ms: number }

/** Some time, and then operations in one transaction. */
export interface Step {
  readonly time: TimeStep
  readonly operations: readonly OperationStep[]
  /** Whether balances and holds are read after it: reading must change nothing. */
  readonly isRead: boolean
}

export interface History {
  readonly startsAt: Date
  /** Two a history, so that what counts in them meets. */
  readonly windows: readonly [Window, Window]
  readonly steps: readonly Step[]
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Few and round, so that instants meet. */
const duration = fc.constantFrom(second, minute, minute, hour, hour, hour, 2 * hour, day, day, 30 * day)

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

function which<Among extends string>(
  ...weights: readonly (readonly [number, Among])[]
): fc.Arbitrary<Which<Among>> {
  const known = weights.map(
    ([weight, among]) => [weight, fc.record({ among: fc.constant(among), fromNewest: fc.nat(5) })] as const,
  )
  return weighted<Which<Among>>(...known, [1, fc.constant(undefined)])
}

const placedHold = which([20, 'placed'], [1, 'all'], [1, 'of another wallet'])
const capturedHold = which([14, 'placed'], [5, 'lapsed'], [2, 'all'], [1, 'of another wallet'])
const lot = which([10, 'all'], [9, 'held'], [1, 'of another wallet'])
const transaction = which([12, 'unrefunded'], [8, 'owing'], [2, 'all'])

const wallet = weighted([8, fc.constant(0)], [2, fc.constant(1)], [1, fc.constant(2)], [1, fc.constant(3)])
const action = fc.constantFrom(undefined, 'chat', 'image')

const window = fc.constantFrom<Window>(
  'day',
  'week',
  'month',
  'lifetime',
  'rolling_hour',
  'rolling_day',
  'rolling_week',
  'rolling_month',
)
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

const spending = {
  wallet,
  credits: amount,
  action,
  limits,
  isObserved: sometimes(1, fc.constant(true)).map((is) => is ?? false),
}

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
  startsInMs: sometimes(3, fc.oneof(duration, fc.constantFrom(0, -1, -hour))),
  expiry: sometimes(
    5,
    weighted<ExpiryStep>(
      [5, fc.oneof(duration, fc.constantFrom(0, 1, -1)).map((inMs) => ({ inMs }))],
      [2, fc.integer({ min: 1, max: 3 }).map((days) => ({ days }))],
      [2, fc.integer({ min: 1, max: 13 }).map((months) => ({ months }))],
    ),
  ),
  scope: sometimes(2, fc.constantFrom(['chat'], ['image'], ['chat', 'image'])),
  repaysDebt: sometimes(2, fc.boolean()),
  lateReturnDays: sometimes(3, fc.integer({ min: 0, max: 2 })),
})

const operation = weighted<OperationStep>(
  [16, grant],
  [4, fc.record({ kind: fc.constant('adjust'), wallet, by: fc.constantFrom(1, -1), credits: amount })],
  [12, fc.record({ kind: fc.constant('charge'), ...spending })],
  [
    18,
    fc.record({
      kind: fc.constant('hold'),
      ...spending,
      timeToLiveMs: fc.constantFrom(second, minute, hour, hour, day, 30 * day),
      onLapse: fc.constantFrom(undefined, 'release', 'charge_checkpoint', 'charge_all'),
    }),
  ],
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
    }),
  ],
  [4, fc.record({ kind: fc.constant('release'), wallet, hold: placedHold })],
  [8, fc.record({ kind: fc.constant('checkpoint'), wallet, hold: placedHold, credits: fc.nat(15) })],
  [3, fc.record({ kind: fc.constant('extend'), wallet, hold: placedHold, timeToLiveMs: duration })],
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
  [4, fc.record({ kind: fc.constant('repeat'), fromNewest: fc.nat(8), isChanged: fc.boolean() })],
)

const time = weighted<TimeStep>(
  [20, fc.constant({ ms: 0 })],
  [4, duration.map((ms) => ({ ms }))],
  [
    7,
    fc.record({
      of: fc.constant('a wallet'),
      toInstant: fc.constantFrom(0, 0, 0, 1, 2),
      ms: fc.constantFrom(0, 0, 0, -1, 1),
    }),
  ],
  [3, fc.record({ of: fc.constant('a window'), toInstant: fc.nat(5), ms: fc.constantFrom(0, 0, -1) })],
  [1, fc.integer({ min: 1, max: 2 }).map((months) => ({ months }))],
  [1, fc.constantFrom(-1, -second, -hour, -day).map((ms) => ({ ms }))],
)

const step: fc.Arbitrary<Step> = fc.record({
  time,
  operations: fc.array(operation, { minLength: 1, maxLength: 8, size: 'max' }),
  isRead: weighted([4, fc.constant(false)], [1, fc.constant(true)]),
})

/** On the eve of the end of a day, a week, a month, a year, a February. */
const startsAt = fc
  .constantFrom(
    '2026-01-30T22:00:00.000Z',
    '2028-02-28T23:30:00.500Z',
    '2026-12-31T23:59:59.999Z',
    '2026-03-08T12:00:00.000Z',
  )
  .map((text) => new Date(text))

export function history(stepsMax: number): fc.Arbitrary<History> {
  return fc.record({
    startsAt,
    windows: fc.tuple(window, window),
    steps: fc.array(step, { minLength: 1, maxLength: stepsMax, size: 'max' }),
  })
}
