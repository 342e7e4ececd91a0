/** What a request may say, and what contradicts itself in one: of both doors, HTTP and the engine in a process. */
import type { Bounds } from '../kernel/bounds.ts'
import { dayMs, latestInstant } from '../kernel/time.ts'
import type { AbovePolicy, LimitWindow, LotCategory, LotSource, RevokeOperation } from './operations.ts'
import type { LimitRequest } from './requests.ts'
import type { LapsePolicy } from './wallet.ts'

export const lotSources = [
  'purchase',
  'plan',
  'promotion',
  'gift',
  'referral',
  'adjustment',
] as const satisfies readonly LotSource[]

export const lotCategories = ['paid', 'promotional'] as const satisfies readonly LotCategory[]

export const lapsePolicies = [
  'release',
  'charge_checkpoint',
  'charge_all',
] as const satisfies readonly LapsePolicy[]

export const abovePolicies = ['refuse', 'up_to_spendable', 'owe'] as const satisfies readonly AbovePolicy[]

export const spentPolicies = ['owe', 'forgive'] as const satisfies readonly RevokeOperation['spent'][]

export const limitSubjects = [
  'customer',
  'member',
  'api_key',
  'action',
  'run',
] as const satisfies readonly LimitRequest['by'][]

export const limitWindows = [
  'day',
  'week',
  'month',
  'lifetime',
  'rolling_hour',
  'rolling_day',
  'rolling_week',
  'rolling_month',
] as const satisfies readonly LimitWindow[]

export const charactersMax = {
  key: 255,
  description: 500,
  reason: 500,
  adjustmentReason: 200,
  actor: 200,
  lotName: 200,
  limitId: 255,
} as const

/** A day at most. */
export const holdExpirySeconds: Bounds = { min: 1, max: 86_400 }

export const quantityBounds: Bounds = { min: 1, max: Number.MAX_SAFE_INTEGER }

/** What a number column of the database holds, and more than anyone ranks. */
export const priorityBounds: Bounds = { min: -1_000_000, max: 1_000_000 }

/** A century, or as good as for ever. */
export const expiryDays: Bounds = { min: 1, max: 36_500 }
export const expiryMonths: Bounds = { min: 1, max: 1200 }

export const lateReturnDays: Bounds = { min: 0, max: 3650 }

/** A request that names more has mistaken limits for something else. */
export const limitsMax = 10

export const scopeMax = 100

/** What Stripe allows, too. */
export const metadataMax = { pairs: 50, keyLength: 40, textLength: 500 } as const

/** What a wrong request is told where a zod schema and a plain comparison find the same. */
export const sentences = {
  limits: `must have at most ${limitsMax} limits.`,
  emptyScope: 'must name at least one action; leave it out for all.',
  scope: `must name at most ${scopeMax} actions.`,
  metadata: `must have at most ${metadataMax.pairs} pairs.`,
  tooLate: 'must end before the year 9999.',
} as const

/** Whose use a limit counts. */
export function checkLimitSubject(
  { by, id }: Pick<LimitRequest, 'by' | 'id'>,
  report: (message: string) => void,
): void {
  const needsId = by === 'member' || by === 'api_key' || by === 'run'
  if (needsId && id === undefined) report(`is missing: say which ${by} is meant.`)
  if (by === 'customer' && id !== undefined) report('cannot be given by customer: it is the one who pays.')
}

/** A limit by action counts the action of the request, if it has one. */
export function checkLimitedAction(
  { by, id }: Pick<LimitRequest, 'by' | 'id'>,
  action: string | undefined,
  report: (message: string) => void,
): void {
  if (by === 'action' && id === undefined && action === undefined)
    report('is missing: the request names no action, so say which one is counted.')
}

/** Whether so long after its start is later than what can be written. A month counts as 31 days. */
export function endsTooLate(
  effectiveAt: Date | undefined,
  { days, months }: { readonly days?: number | undefined; readonly months?: number | undefined },
): boolean {
  return (effectiveAt?.getTime() ?? 0) + (days ?? (months ?? 0) * 31) * dayMs >= latestInstant.getTime()
}
