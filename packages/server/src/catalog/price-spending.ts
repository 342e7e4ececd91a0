import { type Credits, creditsFromDecimal, decimalFromCredits, micros } from '../kernel/credits.ts'
import type { ReportIssue } from '../kernel/invalid-request.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Catalog } from './catalog.ts'
import { invalidAmount, unknownAction, unknownUnit } from './errors.ts'

/** What is to be paid for: an action of the catalog some times over, or credits that the app has counted itself. */
export type Spending<Action extends string = string, Unit extends string = string> =
  | {
      readonly action: Action
      readonly quantity?: number | undefined
      readonly credits?: undefined
      readonly unit?: undefined
    }
  | {
      readonly credits: Credits
      readonly unit?: Unit | undefined
      readonly action?: undefined
      readonly quantity?: undefined
    }

/** The same before it is known to be one of the two. */
export interface SpendingFields {
  readonly action?: string | undefined
  readonly quantity?: number | undefined
  readonly credits?: Credits | undefined
  readonly unit?: string | undefined
}

/** Either an action of the catalog or an amount, so that nothing in a request is silently left out of account. */
export function checkSpending(fields: SpendingFields, report: ReportIssue): void {
  const hasAction = fields.action !== undefined
  const hasCredits = fields.credits !== undefined
  if (!hasAction && !hasCredits)
    report('action', 'is missing: name an action of the catalog, or give credits instead.')
  if (hasAction && hasCredits)
    report('credits', 'cannot be given with action, whose price the catalog says. Remove one of them.')
  if (hasAction && fields.unit !== undefined)
    report('unit', 'cannot be given with action, whose unit the catalog says. Remove it.')
  if (hasCredits && !hasAction && fields.quantity !== undefined)
    report('quantity', 'goes with action. With credits, give the whole amount.')
}

export interface PricedSpending {
  readonly unit: string
  readonly credits: Credits
  readonly action: string | undefined
}

/** @throws unknownAction, unknownUnit, invalidAmount */
export function priceSpending(catalog: Catalog, spending: Spending): PricedSpending {
  if (spending.credits !== undefined) {
    return {
      unit: unitOf(catalog, spending.unit),
      credits: positiveCredits(spending.credits),
      action: undefined,
    }
  }
  const action = catalog.actionsById.get(spending.action)
  if (action === undefined)
    throw unknownAction({ name: spending.action, known: [...catalog.actionsById.keys()] })
  const credits = positiveCredits(action.credits * BigInt(spending.quantity ?? 1))
  return { unit: action.unit, credits, action: action.id }
}

const creditsMax = creditsFromDecimal('1000000000000')

/** @throws invalidAmount unless above zero and within what a wallet can count */
export function positiveCredits(credits: bigint): Credits {
  invariant(creditsMax !== undefined, 'the largest amount is an amount')
  if (credits > 0n && credits <= creditsMax) return micros(credits)
  const expected = credits > 0n ? `at most ${decimalFromCredits(creditsMax)}` : 'above zero'
  throw invalidAmount({ amount: decimalFromCredits(credits), expected })
}

/** @throws invalidAmount unless something is added or taken, within what a wallet can count */
export function adjustedCredits(credits: bigint): Credits {
  if (credits === 0n) throw invalidAmount({ amount: '0', expected: 'above or below zero' })
  return credits > 0n ? positiveCredits(credits) : micros(0n - positiveCredits(-credits))
}

/** The unit named, or the first one. @throws unknownUnit */
export function unitOf(catalog: Catalog, unit: string | undefined): string {
  if (unit === undefined) return catalog.defaultUnit
  if (catalog.unitsById.has(unit)) return unit
  throw unknownUnit({ name: unit, known: [...catalog.unitsById.keys()] })
}
