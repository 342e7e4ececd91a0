/**
 * What HTTP refuses of a request, refused to those who ask inside the process, in the same words. The compiler says most of it to most callers. Plain
 * comparisons, of which a charge without limits makes nothing to be collected: every charge passes here.
 */
import { checkSpending } from '../catalog/price-spending.ts'
import { above, type Bounds, issueOfNumber } from '../kernel/bounds.ts'
import { type Credits, decimalFromCredits, largestCredits } from '../kernel/credits.ts'
import { type IdInWallet, isUuid, type TransactionId } from '../kernel/ids.ts'
import { idempotencyKeyRequired, invalidRequest, mustBe, mustBeOneOf } from '../kernel/invalid-request.ts'
import { currencyPattern, type Money, notCurrency } from '../kernel/money.ts'
import { catalogNameCharactersMax, issueOfCustomerId, issueOfText } from '../kernel/text.ts'
import { issueOfInstant } from '../kernel/time.ts'
import { chargeNotFound, holdNotFound, lotNotFound } from './errors.ts'
import {
  abovePolicies,
  charactersMax,
  checkLimitedAction,
  checkLimitSubject,
  endsTooLate,
  expiryDays,
  expiryMonths,
  holdExpirySeconds,
  lapsePolicies,
  lateReturnDays,
  limitSubjects,
  limitsMax,
  limitWindows,
  lotCategories,
  lotSources,
  metadataMax,
  priorityBounds,
  quantityBounds,
  scopeMax,
  sentences,
  spentPolicies,
} from './request-bounds.ts'
import type {
  AdjustRequest,
  BalanceRequest,
  CaptureRequest,
  CheckpointRequest,
  EntriesRequest,
  ExtendRequest,
  GrantRequest,
  HoldRequest,
  LimitRequest,
  LotRequest,
  LotsRequest,
  QuoteRequest,
  RefundRequest,
  ReleaseRequest,
  RevokeRequest,
  SpendRequest,
} from './requests.ts'

/** A page that is longer is asked for in parts. */
const pageBounds: Bounds = { min: 1, max: 100 }

export function checkSpend(request: SpendRequest): void {
  checkPriced(request)
  checkKey(request.idempotencyKey)
  if (request.description !== undefined)
    checkText('description', request.description, charactersMax.description)
  if (request.limits !== undefined) checkLimits(request.limits, request.action)
  if (request.observe !== undefined) checkBoolean('observe', request.observe)
}

export function checkHold(request: HoldRequest): void {
  checkSpend(request)
  if (request.expiresInSeconds !== undefined)
    checkNumber('expiresInSeconds', request.expiresInSeconds, holdExpirySeconds)
  if (request.onLapse !== undefined) checkOneOf('onLapse', request.onLapse, lapsePolicies)
}

/** What a quote, a charge and a hold have in common. */
export function checkPriced(request: SpendRequest | QuoteRequest): void {
  checkCustomer(request)
  checkSpending(request, refuse)
  if (request.action !== undefined) checkText('action', request.action, catalogNameCharactersMax)
  if (request.quantity !== undefined) checkNumber('quantity', request.quantity, quantityBounds)
  if (request.credits !== undefined) checkCredits('credits', request.credits)
}

export function checkCapture(request: CaptureRequest): void {
  checkRelease(request)
  if (request.credits !== undefined) checkAmount('credits', request.credits)
  if (request.final !== undefined) checkBoolean('final', request.final)
  if (request.above !== undefined) checkOneOf('above', request.above, abovePolicies)
  if (request.observe !== undefined) checkBoolean('observe', request.observe)
}

export function checkRelease(request: ReleaseRequest): void {
  checkObject('', request)
  checkKey(request.idempotencyKey)
  checkHoldId(request.hold)
}

export function checkCheckpoint(request: CheckpointRequest): void {
  checkRelease(request)
  checkAmount('credits', request.credits)
}

export function checkExtend(request: ExtendRequest): void {
  checkRelease(request)
  checkNumber('expiresInSeconds', request.expiresInSeconds, holdExpirySeconds)
}

export function checkRefund(request: RefundRequest): void {
  checkObject('', request)
  checkKey(request.idempotencyKey)
  checkTransactionId(request.charge)
  if (request.credits !== undefined) checkCredits('credits', request.credits)
  checkReason(request.reason)
}

export function checkGrant(request: GrantRequest): void {
  checkCustomer(request)
  checkKey(request.idempotencyKey)
  checkCredits('credits', request.credits)
  checkOneOf('source', request.source, lotSources)
  if (request.category !== undefined) checkOneOf('category', request.category, lotCategories)
  checkText('name', request.name, charactersMax.lotName)
  if (request.effectiveAt !== undefined) checkInstant('effectiveAt', request.effectiveAt)
  checkExpiry(request.expiry, request.effectiveAt)
  if (request.priority !== undefined) checkNumber('priority', request.priority, priorityBounds)
  if (request.scope !== undefined) checkScope(request.scope)
  if (request.repaysDebt !== undefined) checkBoolean('repaysDebt', request.repaysDebt)
  if (request.lateReturnDays !== undefined)
    checkNumber('lateReturnDays', request.lateReturnDays, lateReturnDays)
  if (request.paid !== undefined) checkMoney(request.paid)
  if (request.metadata !== undefined) checkMetadata(request.metadata)
}

export function checkAdjust(request: AdjustRequest): void {
  checkCustomer(request)
  checkKey(request.idempotencyKey)
  checkCredits('credits', request.credits)
  checkText('reason', request.reason, charactersMax.adjustmentReason)
  checkText('actor', request.actor, charactersMax.actor)
}

export function checkRevoke(request: RevokeRequest): void {
  checkLotChange(request)
  if (request.credits !== undefined) checkCredits('credits', request.credits)
  if (request.spent !== undefined) checkOneOf('spent', request.spent, spentPolicies)
}

export function checkLotChange(request: LotRequest): void {
  checkObject('', request)
  checkKey(request.idempotencyKey)
  checkLotId(request.lot)
  checkReason(request.reason)
}

/** Whose wallet: for everything that names a customer. */
export function checkCustomer(request: BalanceRequest): void {
  checkObject('', request)
  const { customer, unit } = request
  if (typeof customer !== 'string') refuse('customer', mustBe('string', customer))
  refuseFor('customer', issueOfCustomerId(customer))
  if (unit !== undefined) checkText('unit', unit, catalogNameCharactersMax)
}

export function checkEntries(request: EntriesRequest): void {
  checkCustomer(request)
  if (request.from !== undefined) checkInstant('from', request.from)
  if (request.until !== undefined) checkInstant('until', request.until)
  if (request.lot !== undefined) checkUuid('lot', request.lot)
  if (request.hold !== undefined) checkUuid('hold', request.hold)
  if (request.order !== undefined) checkUuid('order', request.order)
  if (request.action !== undefined) checkText('action', request.action, catalogNameCharactersMax)
  checkNumber('limit', request.limit, pageBounds)
  if (request.before !== undefined) checkBigint('before', request.before)
}

export function checkLots(request: LotsRequest): void {
  checkCustomer(request)
  if (request.open !== undefined) checkBoolean('open', request.open)
  checkNumber('limit', request.limit, pageBounds)
  if (request.before !== undefined) checkUuid('before', request.before)
}

export function checkInstant(path: string, instant: unknown): void {
  if (!(instant instanceof Date)) refuse(path, mustBe('Date', instant))
  refuseFor(path, issueOfInstant(instant))
}

/** What cannot be an id is the id of nothing. */
export function checkHoldId(hold: IdInWallet): void {
  if (!isIdInWallet(hold)) throw holdNotFound({})
}

export function checkLotId(lot: IdInWallet): void {
  if (!isIdInWallet(lot)) throw lotNotFound({})
}

export function checkOneOf(path: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) refuse(path, mustBeOneOf(known, value))
}

export function checkObject(path: string, value: unknown, expected = 'object'): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(path, mustBe(expected, value))
}

function checkTransactionId(charge: TransactionId): void {
  const { walletId, transaction } = Object(charge) as Partial<TransactionId>
  const isNumber = typeof transaction === 'bigint' && transaction >= 0n && transaction >> 63n === 0n
  if (!isNumber || typeof walletId !== 'string' || !isUuid(walletId)) throw chargeNotFound({})
}

function isIdInWallet(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { walletId, id } = value as Partial<IdInWallet>
  return typeof walletId === 'string' && isUuid(walletId) && typeof id === 'string' && isUuid(id)
}

function checkKey(key: unknown): void {
  if (key === undefined || key === '') throw idempotencyKeyRequired({ reason: 'The request has none.' })
  checkText('idempotencyKey', key, charactersMax.key)
}

function checkReason(reason: string | undefined): void {
  if (reason !== undefined) checkText('reason', reason, charactersMax.reason)
}

function checkLimits(limits: readonly LimitRequest[], action: string | undefined): void {
  if (!Array.isArray(limits)) refuse('limits', mustBe('array', limits))
  if (limits.length > limitsMax) refuse('limits', sentences.limits)
  for (const [index, limit] of limits.entries()) checkLimit(`limits.${index}`, limit, action)
}

function checkLimit(path: string, limit: LimitRequest, action: string | undefined): void {
  checkObject(path, limit)
  checkOneOf(`${path}.by`, limit.by, limitSubjects)
  if (limit.id !== undefined) checkText(`${path}.id`, limit.id, charactersMax.limitId)
  checkOneOf(`${path}.window`, limit.window, limitWindows)
  checkAmount(`${path}.max`, limit.max)
  const refuseId = (message: string) => refuse(`${path}.id`, message)
  checkLimitSubject(limit, refuseId)
  checkLimitedAction(limit, action, refuseId)
}

function checkExpiry(expiry: GrantRequest['expiry'], effectiveAt: Date | undefined): void {
  if (expiry === undefined) return
  checkObject('expiry', expiry)
  const { at, afterDays, afterMonths } = expiry as {
    readonly at?: Date
    readonly afterDays?: number
    readonly afterMonths?: number
  }
  const given = [at, afterDays, afterMonths].filter((one) => one !== undefined)
  if (given.length !== 1) refuse('expiry', 'must give at, afterDays or afterMonths, and only one of them.')
  if (at !== undefined) return checkInstant('expiry.at', at)
  if (afterDays !== undefined) checkNumber('expiry.afterDays', afterDays, expiryDays)
  if (afterMonths !== undefined) checkNumber('expiry.afterMonths', afterMonths, expiryMonths)
  if (endsTooLate(effectiveAt, { days: afterDays, months: afterMonths })) refuse('expiry', sentences.tooLate)
}

function checkScope(scope: readonly string[]): void {
  if (!Array.isArray(scope)) refuse('scope', mustBe('array', scope))
  if (scope.length === 0) refuse('scope', sentences.emptyScope)
  if (scope.length > scopeMax) refuse('scope', sentences.scope)
  for (const [index, action] of scope.entries()) checkText(`scope.${index}`, action, catalogNameCharactersMax)
}

function checkMoney(paid: Money): void {
  checkObject('paid', paid)
  checkBigint('paid.amountMinor', paid.amountMinor)
  if (paid.amountMinor < 0n) refuse('paid.amountMinor', 'must not be negative.')
  if (paid.amountMinor > BigInt(Number.MAX_SAFE_INTEGER))
    refuse('paid.amountMinor', above(Number.MAX_SAFE_INTEGER))
  if (typeof paid.currency !== 'string' || !currencyPattern.test(paid.currency))
    refuse('paid.currency', notCurrency)
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  checkObject('metadata', metadata, 'record')
  const pairs = Object.entries(metadata)
  if (pairs.length > metadataMax.pairs) refuse('metadata', sentences.metadata)
  for (const [key, text] of pairs) {
    checkText('metadata', key, metadataMax.keyLength)
    checkText(`metadata.${key}`, text, metadataMax.textLength)
  }
}

function checkText(path: string, value: unknown, max: number): void {
  if (typeof value !== 'string') refuse(path, mustBe('string', value))
  refuseFor(path, issueOfText(value, max))
}

function checkNumber(path: string, value: unknown, bounds: Bounds): void {
  refuseFor(path, issueOfNumber(value, bounds))
}

function checkBoolean(path: string, value: unknown): void {
  if (typeof value !== 'boolean') refuse(path, mustBe('boolean', value))
}

function checkUuid(path: string, value: unknown): void {
  if (typeof value !== 'string' || !isUuid(value)) refuse(path, 'must be a UUID.')
}

function checkBigint(path: string, value: unknown): void {
  if (typeof value !== 'bigint') refuse(path, mustBe('bigint', value))
}

/** Whose bounds the catalog keeps: they have a refusal of their own. */
function checkCredits(path: string, credits: Credits): void {
  if (typeof credits !== 'bigint') refuse(path, 'must be a bigint of millionths: creditsFromDecimal("12.5").')
}

/** Credits that may be none. */
function checkAmount(path: string, credits: Credits): void {
  checkCredits(path, credits)
  if (credits < 0n) refuse(path, 'must not be negative.')
  if (credits > largestCredits) refuse(path, `must be at most ${decimalFromCredits(largestCredits)}.`)
}

function refuseFor(path: string, issue: string | undefined): void {
  if (issue !== undefined) refuse(path, issue)
}

function refuse(path: string, message: string): never {
  throw invalidRequest({ issues: [{ path, message }] })
}
