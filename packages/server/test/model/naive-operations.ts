import { addDays, addMonths } from './naive-calendar.ts'
import { correctCounts, countIn, exceededOf } from './naive-limits.ts'
import {
  chargeAbove,
  giveBack,
  giveBackRest,
  newTransaction,
  owe,
  oweLess,
  pay,
  repay,
  spendableOn,
  spendHeld,
  take,
  takeOverdue,
} from './naive-moves.ts'
import type {
  Adjust,
  Capture,
  Charge,
  Checkpoint,
  Extend,
  Grant,
  LotOperation,
  Operation,
  PlaceHold,
  Receipt,
  Refund,
  RefusalCode,
  Release,
  Revoke,
  Share,
} from './naive-types.ts'
import {
  balanceOf,
  debtOf,
  type Hold,
  isExpired,
  type Lot,
  lotOf,
  max,
  min,
  move,
  Refusal,
  remainingOf,
  sum,
  type Transaction,
  viewOf,
  type Wallet,
} from './naive-wallet.ts'

/** Available and held of a wallet are never more. */
export const walletMax = 4_000_000_000_000_000_000n

/** One operation, about to be decided on a settled copy of its wallet. */
interface Occasion {
  readonly wallet: Wallet
  readonly now: Date
  readonly transaction: Transaction
}

/** What an operation did: what its receipt says beside time and balance. */
interface Effect {
  readonly credits: bigint
  readonly shares?: readonly Share[]
  readonly hold?: Hold
  /** Below zero: repaid by a refund. Of other operations: what their transaction owed before anything repaid it. */
  readonly owed?: bigint
  readonly wouldRefuse?: RefusalCode | undefined
}

/** Decides one operation on a settled wallet, and changes the wallet; or throws a Refusal. */
export function decide(wallet: Wallet, operation: Operation, now: Date): Receipt {
  const transaction = newTransaction(wallet, nextTransactionId(wallet), operation.kind)
  const effect = effectOf(operation, { wallet, now, transaction })
  const owed = effect.owed ?? transaction.openDebt
  takeOverdue(wallet, now)
  repay(wallet, now)
  return {
    transaction: transaction.id,
    kind: operation.kind,
    at: now,
    credits: effect.credits,
    shares: effect.shares ?? [],
    hold: effect.hold === undefined ? undefined : viewOf(effect.hold),
    owed,
    wouldRefuse: effect.wouldRefuse,
    balance: balanceOf(wallet, now),
  }
}

function nextTransactionId(wallet: Wallet): string {
  const operations = wallet.transactions.filter((one) => one.kind !== 'lapse' && one.kind !== 'overdue')
  return `${wallet.id} transaction ${operations.length + 1}`
}

function effectOf(operation: Operation, occasion: Occasion): Effect {
  switch (operation.kind) {
    case 'grant':
      return grant(operation, occasion)
    case 'adjust':
      return adjust(operation, occasion)
    case 'charge':
      return charge(operation, occasion)
    case 'hold':
      return placeHold(operation, occasion)
    case 'capture':
      return capture(operation, occasion)
    case 'release':
      return release(operation, occasion)
    case 'checkpoint':
      return checkpoint(operation, occasion)
    case 'extend':
      return extend(operation, occasion)
    case 'refund':
      return refund(operation, occasion)
    case 'revoke':
      return revoke(operation, occasion)
    case 'freeze':
    case 'unfreeze':
      return setFrozen(operation, occasion)
    case 'expire':
      return expire(operation, occasion)
  }
}

function grant(operation: Grant, occasion: Occasion): Effect {
  const { now } = occasion
  const { source, priority, scope, lateReturnDays = 0 } = operation
  const effectiveAt = operation.effectiveAt ?? now
  const expiresAt = expiryOf(operation, effectiveAt)
  if (expiresAt !== undefined && (expiresAt <= effectiveAt || expiresAt <= now))
    throw new Refusal('lot_out_of_time')
  const category = operation.category ?? (source === 'purchase' || source === 'plan' ? 'paid' : 'promotional')
  const repaysDebt = operation.repaysDebt ?? category === 'paid'
  return addLot(operation.credits, occasion, {
    priority,
    category,
    effectiveAt,
    expiresAt,
    scope,
    repaysDebt,
    lateReturnDays,
  })
}

function expiryOf({ expiry }: Grant, effectiveAt: Date): Date | undefined {
  if (expiry === undefined) return undefined
  if ('at' in expiry) return expiry.at
  if ('afterDays' in expiry) return addDays(effectiveAt, expiry.afterDays)
  return addMonths(effectiveAt, expiry.afterMonths)
}

type LotTerms = Pick<
  Lot,
  'priority' | 'category' | 'effectiveAt' | 'expiresAt' | 'scope' | 'repaysDebt' | 'lateReturnDays'
>

function addLot(credits: bigint, { wallet, now }: Occasion, terms: LotTerms): Effect {
  const { available, held } = balanceOf(wallet, now)
  if (available + held + credits > walletMax) throw new Refusal('wallet_full')
  const ordinal = wallet.lots.length + 1
  const lot: Lot = {
    ...terms,
    id: `${wallet.id} lot ${ordinal}`,
    ordinal,
    granted: credits,
    available: credits,
    held: 0n,
    spent: 0n,
    expired: 0n,
    revoked: 0n,
    hasStarted: terms.effectiveAt <= now,
    isFrozen: false,
    pending: 0n,
    pendingIsForgiven: false,
  }
  wallet.lots.push(lot)
  wallet.entries.push({ lot: lot.id, from: 'issued', to: 'available', credits, effectiveAt: now })
  return { credits, shares: [{ lot: lot.id, credits }] }
}

function adjust({ credits }: Adjust, occasion: Occasion): Effect {
  const { wallet, now } = occasion
  if (credits > 0n) {
    return addLot(credits, occasion, {
      priority: 0,
      category: 'promotional',
      effectiveAt: now,
      expiresAt: undefined,
      scope: undefined,
      repaysDebt: false,
      lateReturnDays: 0,
    })
  }
  const wanted = -credits
  refuseUncovered(wallet, wanted, undefined, now)
  return {
    credits: wanted,
    shares: take(wallet, { credits: wanted, action: undefined, to: 'revoked', at: now }),
  }
}

function refuseUncovered(wallet: Wallet, credits: bigint, action: string | undefined, now: Date): void {
  const spendable = spendableOn(wallet, action, now)
  if (spendable >= credits) return
  const missing = credits + debtOf(wallet) - spendable
  throw new Refusal('insufficient_credits', { required: credits, spendable, missing })
}

/** What a charge or a hold takes, after its limits and the wallet have agreed; observed, it takes what there is. */
function spend(
  operation: Charge | PlaceHold,
  { wallet, now }: Occasion,
  to: 'spent' | 'held',
): { readonly shares: Share[]; readonly credits: bigint; readonly wouldRefuse: RefusalCode | undefined } {
  const { credits, action, limits = [], isObserved = false } = operation
  const refused = refusalOf(() => {
    const exceeded = exceededOf(wallet, limits, credits, now)
    if (exceeded !== undefined) throw new Refusal('limit_exceeded', exceeded)
    refuseUncovered(wallet, credits, action, now)
  })
  if (refused !== undefined && !isObserved) throw refused
  const shares = take(wallet, { credits, action, to, at: now })
  return { shares, credits: sum(shares.map((share) => share.credits)), wouldRefuse: refused?.refused.code }
}

function refusalOf(attempt: () => void): Refusal | undefined {
  try {
    attempt()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  return undefined
}

function charge(operation: Charge, occasion: Occasion): Effect {
  const { wallet, now, transaction } = occasion
  const { shares, credits, wouldRefuse } = spend(operation, occasion, 'spent')
  transaction.charged = credits
  pay(transaction, shares)
  countIn(wallet, operation.limits ?? [], { credits, hold: undefined, at: now })
  return { credits, shares, wouldRefuse }
}

function placeHold(operation: PlaceHold, occasion: Occasion): Effect {
  const { wallet, now } = occasion
  const { shares, credits, wouldRefuse } = spend(operation, occasion, 'held')
  const ordinal = wallet.holds.length + 1
  const hold: Hold = {
    id: `${wallet.id} hold ${ordinal}`,
    ordinal,
    action: operation.action,
    state: 'placed',
    amount: credits,
    wanted: operation.credits,
    took: shares,
    fromTook: 0n,
    captured: 0n,
    asked: 0n,
    reported: 0n,
    checkpoint: 0n,
    onLapse: operation.onLapse ?? 'release',
    expiresAt: new Date(now.getTime() + operation.timeToLiveMs),
  }
  wallet.holds.push(hold)
  countIn(wallet, operation.limits ?? [], { credits, hold: hold.id, at: now })
  return { credits, shares, hold, wouldRefuse }
}

function holdOf(wallet: Wallet, id: string): Hold {
  const hold = wallet.holds.find((one) => one.id === id)
  if (hold === undefined) throw new Refusal('hold_not_found')
  return hold
}

function placedHoldOf(wallet: Wallet, id: string): Hold {
  const hold = holdOf(wallet, id)
  if (hold.state !== 'placed') throw new Refusal('hold_already_ended')
  return hold
}

/** What a capture asks of a hold, unless said: all that it still has; of one that lapsed, what was held and not yet asked for. */
function askedOf({ credits }: Capture, hold: Hold): bigint {
  if (credits !== undefined) return credits
  if (hold.state === 'lapsed') return max(hold.amount - hold.asked, 0n)
  return sum(remainingOf(hold).map((share) => share.credits))
}

function capture(operation: Capture, occasion: Occasion): Effect {
  const hold = holdOf(occasion.wallet, operation.hold)
  switch (hold.state) {
    case 'captured':
    case 'released':
      throw new Refusal('hold_already_ended')
    case 'placed':
      return capturePlaced(operation, hold, occasion)
    case 'lapsed':
      return captureLate(operation, hold, occasion)
  }
}

function capturePlaced(operation: Capture, hold: Hold, { wallet, now, transaction }: Occasion): Effect {
  const { isFinal = true, isObserved = false, above = 'refuse' } = operation
  const asked = askedOf(operation, hold)
  const remaining = sum(remainingOf(hold).map((share) => share.credits))
  const isExcessive = asked > remaining && above === 'refuse'
  if (isExcessive && !isObserved) throw new Refusal('capture_exceeds_hold')
  const wouldRefuse = isExcessive && hold.asked + asked > hold.wanted ? 'capture_exceeds_hold' : undefined

  const fromHold = spendHeld(wallet, hold, transaction, min(asked, remaining), now)
  const excess = chargeAbove(wallet, hold, transaction, {
    credits: max(asked - remaining, 0n),
    above,
    at: now,
  })
  hold.asked += asked
  hold.captured += transaction.charged
  if (isFinal) {
    giveBackRest(wallet, hold, now)
    hold.state = 'captured'
  }
  correctCounts(wallet, hold)
  return { credits: transaction.charged, shares: [...fromHold, ...excess.shares], hold, wouldRefuse }
}

function captureLate(operation: Capture, hold: Hold, { wallet, now, transaction }: Occasion): Effect {
  const { above = 'refuse', isObserved = false } = operation
  if (above === 'refuse' && !isObserved) throw new Refusal('hold_already_ended')
  const wouldRefuse = above === 'refuse' ? 'hold_already_ended' : undefined
  hold.asked += askedOf(operation, hold)
  const due = max(hold.asked - hold.captured, 0n)
  const { shares } = chargeAbove(wallet, hold, transaction, { credits: due, above, at: now })
  hold.captured += transaction.charged
  return { credits: transaction.charged, shares, hold, wouldRefuse }
}

/**
 * A capture that was refused for more than the hold has, or for coming late, leaves one trace: what was used is remembered.
 *
 * @param wallet settled, as the capture found it
 * @returns whether it is more than was remembered before
 */
export function rememberReported(wallet: Wallet, operation: Capture, code: RefusalCode): boolean {
  const hold = wallet.holds.find((one) => one.id === operation.hold)
  if (hold === undefined) return false
  if (code !== 'capture_exceeds_hold' && !(code === 'hold_already_ended' && hold.state === 'lapsed'))
    return false
  const reported = hold.asked + askedOf(operation, hold)
  if (reported <= hold.reported) return false
  hold.reported = reported
  return true
}

function release(operation: Release, { wallet, now }: Occasion): Effect {
  const hold = placedHoldOf(wallet, operation.hold)
  const shares = giveBackRest(wallet, hold, now)
  hold.state = 'released'
  correctCounts(wallet, hold)
  return { credits: sum(shares.map((share) => share.credits)), shares, hold }
}

function checkpoint(operation: Checkpoint, { wallet }: Occasion): Effect {
  const hold = placedHoldOf(wallet, operation.hold)
  hold.checkpoint = max(hold.checkpoint, operation.credits)
  return { credits: 0n, hold }
}

function extend(operation: Extend, { wallet, now }: Occasion): Effect {
  const hold = placedHoldOf(wallet, operation.hold)
  const extended = new Date(now.getTime() + operation.timeToLiveMs)
  if (extended > hold.expiresAt) hold.expiresAt = extended
  return { credits: 0n, hold }
}

function refund(operation: Refund, { wallet, now }: Occasion): Effect {
  const spent = wallet.transactions.find((one) => one.id === operation.transaction)
  if (spent === undefined || !['charge', 'capture', 'lapse'].includes(spent.kind))
    throw new Refusal('charge_not_found')
  const refundable = spent.charged - spent.refunded
  const credits = operation.credits ?? refundable
  if (credits === 0n || credits > refundable) throw new Refusal('refund_exceeds_charge')

  const debtLess = min(credits, spent.openDebt)
  oweLess(wallet, spent, debtLess, now)
  const shares: Share[] = []
  let missing = credits - debtLess
  for (const payment of [...spent.payments].reverse()) {
    const lot = lotOf(wallet, payment.lot)
    const amount = min(min(missing, payment.credits - payment.back), lot.spent)
    if (amount === 0n) continue
    giveBack(wallet, lot, 'spent', amount, now)
    payment.back += amount
    missing -= amount
    shares.push({ lot: lot.id, credits: amount })
  }
  if (missing > 0n) throw new Refusal('refund_exceeds_charge')
  spent.refunded += credits
  return { credits, shares, owed: -debtLess }
}

function revoke(operation: Revoke, { wallet, now, transaction }: Occasion): Effect {
  const lot = lotOf(wallet, operation.lot)
  const isForgiven = operation.spent === 'forgive'
  const atMost = lot.granted - lot.revoked - lot.pending
  const credits = operation.credits ?? atMost
  if (credits === 0n || credits > atMost) throw new Refusal('revoke_exceeds_lot')

  let missing = credits
  for (const account of ['available', 'expired'] as const) {
    const amount = min(missing, lot[account])
    move(wallet, lot, account, 'revoked', amount, now)
    missing -= amount
  }
  const fromHeld = min(missing, lot.held - lot.pending)
  if (fromHeld > 0n) {
    lot.pending += fromHeld
    lot.pendingIsForgiven = isForgiven
    missing -= fromHeld
  }
  move(wallet, lot, 'spent', 'revoked', missing, now)
  if (!isForgiven) owe(wallet, transaction, missing, now)
  return { credits, shares: [{ lot: lot.id, credits }] }
}

function setFrozen(operation: LotOperation, { wallet }: Occasion): Effect {
  const lot = lotOf(wallet, operation.lot)
  lot.isFrozen = operation.kind === 'freeze'
  return { credits: 0n }
}

function expire(operation: LotOperation, { wallet, now }: Occasion): Effect {
  const lot = lotOf(wallet, operation.lot)
  const credits = lot.available
  if (!isExpired(lot, now)) lot.expiresAt = now
  move(wallet, lot, 'available', 'expired', credits, now)
  return { credits, shares: credits === 0n ? [] : [{ lot: lot.id, credits }] }
}
