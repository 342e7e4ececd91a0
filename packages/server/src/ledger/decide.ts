import { add, type Credits, micros, total, zeroCredits } from '../kernel/credits.ts'
import type { NewId, Uuid } from '../kernel/ids.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { Entry } from './entry.ts'
import {
  captureExceedsHold,
  holdAlreadyEnded,
  holdNotFound,
  insufficientCredits,
  lotOutOfTime,
  walletFull,
} from './errors.ts'
import { addLot, type Move, move, movement, takeInOrder } from './move.ts'
import type {
  CaptureOperation,
  ChargeOperation,
  GrantOperation,
  HoldOperation,
  Operation,
  Receipt,
  ReleaseOperation,
} from './operations.ts'
import { giveBack } from './settle.ts'
import { balanceOf, canPay, type Hold, type LotShare, type OpenLot, type Wallet } from './wallet.ts'

/** Less than half of what a bigint column can hold, so that no sum on the way overflows. */
const walletMax = micros(4_000_000_000_000n * 1_000_000n)

export interface Decided {
  readonly ok: true
  /** The wallet's next state. */
  readonly wallet: Wallet
  readonly entries: readonly Entry[]
  /** The lot that a grant brought. */
  readonly lot: OpenLot | undefined
  readonly receipt: Receipt
}

export type Decision = Decided | { readonly ok: false; readonly refusal: Refusal }

/**
 * Decides one operation on a settled wallet. Pure: the same arguments give the same answer.
 *
 * @param hold the hold that the operation names, when the wallet has it
 */
export function decide(
  wallet: Wallet,
  operation: Operation,
  hold: Hold | undefined,
  now: Date,
  newId: NewId,
): Decision {
  switch (operation.kind) {
    case 'grant':
      return grant(wallet, operation, now, newId)
    case 'charge':
      return charge(wallet, operation, now, newId)
    case 'hold':
      return placeHold(wallet, operation, now, newId)
    case 'capture':
    case 'release':
      return endHold(wallet, operation, hold, now, newId)
  }
}

function grant(wallet: Wallet, operation: GrantOperation, now: Date, newId: NewId): Decision {
  const { expiresAt, effectiveAt = now } = operation
  if (expiresAt !== undefined && (expiresAt <= effectiveAt || expiresAt <= now))
    return refused(lotOutOfTime({ effectiveAt, expiresAt }))
  const inWallet = add(wallet.available, wallet.held)
  if (inWallet + operation.credits > walletMax)
    return refused(walletFull({ credits: operation.credits, inWallet, atMost: walletMax }))
  const transactionId = newId()
  const lot = {
    id: newId(),
    available: operation.credits,
    held: zeroCredits,
    priority: operation.priority,
    effectiveAt,
    expiresAt,
  }
  const issue: Move = { lotId: lot.id, from: 'issued', to: 'available', amount: operation.credits }
  return decided(operation, now, {
    transactionId,
    wallet: addLot(wallet, lot),
    entries: [movement(issue, { operation: 'grant', transactionId, at: now })],
    shares: [{ lotId: lot.id, amount: operation.credits }],
    lot,
  })
}

function charge(wallet: Wallet, operation: ChargeOperation, now: Date, newId: NewId): Decision {
  const spendable = takeSpendable(wallet, operation, now)
  if (!spendable.ok) return spendable
  const moves = spendable.taken.map((share): Move => ({ ...share, from: 'available', to: 'spent' }))
  const occasion = { operation: 'charge', transactionId: newId(), at: now } as const
  return decided(operation, now, {
    transactionId: occasion.transactionId,
    wallet: moves.reduce(move, wallet),
    entries: moves.map((each) => movement(each, occasion, operation)),
    shares: spendable.taken,
    action: operation.action,
  })
}

function placeHold(wallet: Wallet, operation: HoldOperation, now: Date, newId: NewId): Decision {
  const spendable = takeSpendable(wallet, operation, now)
  if (!spendable.ok) return spendable
  const { action, description, catalogId, credits } = operation
  const occasion = { operation: 'hold', transactionId: newId(), at: now } as const
  const hold: Hold = {
    id: newId(),
    state: 'placed',
    amount: credits,
    captured: zeroCredits,
    shares: spendable.taken,
    action,
    description,
    catalogId,
    placedAt: now,
    expiresAt: new Date(now.getTime() + operation.timeToLiveMs),
    endedAt: undefined,
  }
  const moves = spendable.taken.map((share): Move => ({ ...share, from: 'available', to: 'held' }))
  return decided(operation, now, {
    transactionId: occasion.transactionId,
    wallet: { ...moves.reduce(move, wallet), nextLapseAt: earlier(wallet.nextLapseAt, hold.expiresAt) },
    entries: moves.map((each) => movement(each, occasion, { ...hold, holdId: hold.id })),
    shares: spendable.taken,
    action,
    hold,
  })
}

type Spendable =
  | { readonly ok: true; readonly taken: readonly LotShare[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** What a charge or a hold takes from which lots, in burn order; or the refusal when they do not cover it. */
function takeSpendable(
  wallet: Wallet,
  { credits, unit }: ChargeOperation | HoldOperation,
  now: Date,
): Spendable {
  const payable = wallet.lots
    .filter((lot) => canPay(lot, now))
    .map((lot) => ({ lotId: lot.id, amount: lot.available }))
  const { taken, missing } = takeInOrder(payable, credits)
  if (missing === 0n) return { ok: true, taken }
  const spendable = total(payable.map((share) => share.amount))
  return refused(insufficientCredits({ required: credits, spendable, held: wallet.held, missing, unit }))
}

function endHold(
  wallet: Wallet,
  operation: CaptureOperation | ReleaseOperation,
  hold: Hold | undefined,
  now: Date,
  newId: NewId,
): Decision {
  if (hold === undefined) return refused(holdNotFound({}))
  if (hold.state !== 'placed')
    return refused(holdAlreadyEnded({ state: hold.state, endedAt: hold.endedAt ?? now }))
  const wanted = operation.kind === 'capture' ? (operation.credits ?? hold.amount) : zeroCredits
  if (wanted > hold.amount) return refused(captureExceedsHold({ requested: wanted, held: hold.amount }))

  const occasion = { operation: operation.kind, transactionId: newId(), at: now } as const
  const { taken } = takeInOrder(hold.shares, wanted)
  const spends = taken.map((share): Move => ({ ...share, from: 'held', to: 'spent' }))
  const spent = new Map<Uuid, Credits>(taken.map((share) => [share.lotId, share.amount]))
  const rest = giveBack(spends.reduce(move, wallet), hold, occasion, spent)
  const about = { ...hold, holdId: hold.id }
  return decided(operation, now, {
    transactionId: occasion.transactionId,
    wallet: rest.wallet,
    // What was spent comes last, so that a capture's key stands on a movement of what it captured.
    entries: [...rest.entries, ...spends.map((each) => movement(each, occasion, about))],
    shares: operation.kind === 'capture' ? taken : hold.shares,
    action: hold.action,
    hold: {
      ...hold,
      state: operation.kind === 'capture' ? 'captured' : 'released',
      captured: wanted,
      endedAt: now,
    },
  })
}

interface Effects {
  readonly transactionId: Uuid
  readonly wallet: Wallet
  readonly entries: readonly Entry[]
  readonly shares: readonly LotShare[]
  readonly lot?: OpenLot
  readonly action?: string | undefined
  readonly hold?: Hold
}

/** The receipt of what was decided; binds the operation's key to its last entry. */
function decided(operation: Operation, now: Date, effects: Effects): Decided {
  const { wallet, shares } = effects
  const balance = balanceOf(wallet, now)
  const last = effects.entries.length - 1
  const entries = effects.entries.map((entry, index) =>
    index === last ? { ...entry, bound: { key: operation.key, balance } } : entry,
  )
  const receipt: Receipt = {
    transactionId: effects.transactionId,
    kind: operation.kind,
    at: now,
    credits: total(shares.map((share) => share.amount)),
    shares,
    action: effects.action,
    hold: effects.hold,
    balance,
  }
  return { ok: true, wallet, entries, lot: effects.lot, receipt }
}

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal }
}

function earlier(a: Date | undefined, b: Date): Date {
  return a === undefined || b < a ? b : a
}
