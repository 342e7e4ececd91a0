/** How wallets, lots, holds and bound transactions look in rows, and back. */
import { type Credits, micros, total } from '../kernel/credits.ts'
import type { Mode, Uuid, WalletOwner } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'
import type { Spending } from './decide/decision.ts'
import type { Account, BoundFacts, EntryOperation, HoldAsAnswered } from './entry.ts'
import type { LimitCount } from './limits.ts'
import { type Lot, traitsOf } from './lot.ts'
import type { Operation, Receipt, WouldRefuse } from './operations.ts'
import {
  type Debt,
  type Hold,
  type HoldState,
  type LapsePolicy,
  type LotShare,
  type LotTraits,
  mergeShares,
  noneWaiting,
  type OpenLot,
  type WaitingLots,
  type Wallet,
} from './wallet.ts'

export interface OwnerRow {
  readonly id: Uuid
  readonly mode: Mode
  readonly customer_id: string
  readonly unit: string
}

export interface WalletRow {
  readonly id: Uuid
  readonly lot_ids: readonly Uuid[]
  readonly lot_priorities: readonly number[]
  readonly lot_flags: readonly number[]
  readonly lot_effective_ms: readonly bigint[]
  readonly lot_expires_ms: readonly (bigint | null)[]
  readonly lot_traits: Readonly<Record<Uuid, TraitsJson>> | null
  readonly waiting: WaitingJson | null
  readonly next_lapse_at: Date | null
  readonly updated_at: Date
  readonly entry_count: bigint
  readonly available_micros: bigint
  readonly held_micros: bigint
  readonly debt_micros: bigint
  readonly lot_available_micros: readonly bigint[]
  readonly lot_held_micros: readonly bigint[]
}

/** What many lots have is a bit, so that most wallets have no `lot_traits`. */
const flag = { keepsOutOfDebt: 1, isFrozen: 2 } as const

interface TraitsJson {
  readonly scope?: readonly string[]
  readonly late_return_days?: number
  readonly pending?: string
  readonly pending_is_forgiven?: boolean
}

interface WaitingJson {
  readonly count: number
  readonly spendable: string
  readonly scoped: string
  readonly upcoming: string
  readonly frozen: string
  readonly due_ms: number | null
}

export function walletFromRow(row: WalletRow): Wallet {
  return {
    id: row.id,
    available: micros(row.available_micros),
    held: micros(row.held_micros),
    debt: micros(row.debt_micros),
    lots: row.lot_ids.map((id, index): OpenLot => {
      const expiresMs = row.lot_expires_ms[index] ?? undefined
      return {
        id,
        available: micros(row.lot_available_micros[index] ?? 0n),
        held: micros(row.lot_held_micros[index] ?? 0n),
        priority: row.lot_priorities[index] ?? 0,
        effectiveAt: new Date(Number(row.lot_effective_ms[index] ?? 0n)),
        expiresAt: expiresMs === undefined ? undefined : new Date(Number(expiresMs)),
        traits: traitsFromRow(row.lot_flags[index] ?? 0, row.lot_traits?.[id]),
      }
    }),
    waiting: row.waiting === null ? noneWaiting : waitingFromJson(row.waiting),
    nextLapseAt: row.next_lapse_at ?? undefined,
    entryCount: row.entry_count,
  }
}

function waitingFromJson({
  count,
  spendable,
  scoped,
  upcoming,
  frozen,
  due_ms: dueMs,
}: WaitingJson): WaitingLots {
  return {
    count,
    spendable: micros(BigInt(spendable)),
    scoped: micros(BigInt(scoped)),
    upcoming: micros(BigInt(upcoming)),
    frozen: micros(BigInt(frozen)),
    dueAt: dueMs === null ? undefined : new Date(dueMs),
  }
}

export function waitingToJson({
  count,
  spendable,
  scoped,
  upcoming,
  frozen,
  dueAt,
}: WaitingLots): string | null {
  if (count === 0) return null
  const json: WaitingJson = {
    count,
    spendable: spendable.toString(),
    scoped: scoped.toString(),
    upcoming: upcoming.toString(),
    frozen: frozen.toString(),
    due_ms: dueAt?.getTime() ?? null,
  }
  return JSON.stringify(json)
}

function traitsFromRow(flags: number, json: TraitsJson | null | undefined): LotTraits | undefined {
  if (json === null || json === undefined) return traitsByFlags[flags]
  return traitsOf({
    keepsOutOfDebt: (flags & flag.keepsOutOfDebt) !== 0,
    isFrozen: (flags & flag.isFrozen) !== 0,
    scope: json?.scope,
    lateReturnDays: json?.late_return_days,
    pending: json?.pending === undefined ? undefined : micros(BigInt(json.pending)),
    pendingIsForgiven: json?.pending_is_forgiven,
  })
}

/** What a lot without further traits has. */
const traitsByFlags: readonly (LotTraits | undefined)[] = [0, 1, 2, 3].map((flags) =>
  traitsOf({ keepsOutOfDebt: (flags & flag.keepsOutOfDebt) !== 0, isFrozen: (flags & flag.isFrozen) !== 0 }),
)

export function flagsOf(traits: LotTraits | undefined): number {
  return (
    (traits?.keepsOutOfDebt === true ? flag.keepsOutOfDebt : 0) +
    (traits?.isFrozen === true ? flag.isFrozen : 0)
  )
}

export function traitsToJson(traits: LotTraits | undefined): TraitsJson | undefined {
  if (traits === undefined) return undefined
  const { scope, lateReturnDays, pending, pendingIsForgiven } = traits
  if (scope === undefined && lateReturnDays === undefined && pending === undefined) return undefined
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(lateReturnDays === undefined ? {} : { late_return_days: lateReturnDays }),
    ...(pending === undefined ? {} : { pending: pending.toString() }),
    ...(pendingIsForgiven === true ? { pending_is_forgiven: true } : {}),
  }
}

export function ownerFromRow(row: OwnerRow): WalletOwner {
  return { mode: row.mode, customer: row.customer_id, unit: row.unit }
}

export function emptyWallet(id: Uuid): Wallet {
  const none = micros(0n)
  return {
    id,
    available: none,
    held: none,
    debt: none,
    lots: [],
    waiting: noneWaiting,
    nextLapseAt: undefined,
    entryCount: 0n,
  }
}

export interface WaitingLotRow {
  readonly wallet_id: Uuid
  readonly id: Uuid
  readonly available_micros: bigint
  readonly held_micros: bigint
  readonly priority: number
  readonly flags: number
  readonly effective_ms: bigint
  readonly expires_ms: bigint | null
  readonly traits: TraitsJson | null
}

export function waitingLotFromRow(row: WaitingLotRow): OpenLot {
  return {
    id: row.id,
    available: micros(row.available_micros),
    held: micros(row.held_micros),
    priority: row.priority,
    effectiveAt: new Date(Number(row.effective_ms)),
    expiresAt: row.expires_ms === null ? undefined : new Date(Number(row.expires_ms)),
    traits: traitsFromRow(row.flags, row.traits),
  }
}

export interface LotRow {
  readonly wallet_id: Uuid
  readonly id: Uuid
  readonly granted_micros: bigint
  readonly expired_micros: bigint
  readonly revoked_micros: bigint
  readonly priority: number
  readonly effective_at: Date
  readonly expires_at: Date | null
  readonly scope: readonly string[] | null
  readonly repays_debt: boolean
  readonly late_return_days: number
  readonly is_frozen: boolean
}

export function lotFromRow(row: LotRow): Lot {
  return {
    id: row.id,
    granted: micros(row.granted_micros),
    expired: micros(row.expired_micros),
    revoked: micros(row.revoked_micros),
    priority: row.priority,
    effectiveAt: row.effective_at,
    expiresAt: row.expires_at ?? undefined,
    traits: traitsOf({
      scope: row.scope ?? undefined,
      keepsOutOfDebt: !row.repays_debt,
      lateReturnDays: row.late_return_days,
      isFrozen: row.is_frozen,
    }),
  }
}

export interface HoldRow {
  readonly wallet_id: Uuid
  readonly id: Uuid
  readonly state: HoldState
  readonly amount_micros: bigint
  readonly short_micros: bigint | null
  readonly captured_micros: bigint
  readonly from_shares_micros: bigint
  readonly asked_micros: bigint
  readonly refused_micros: bigint
  readonly checkpoint_micros: bigint
  readonly on_lapse: LapsePolicy
  readonly lot_ids: readonly Uuid[]
  readonly lot_amounts_micros: readonly bigint[]
  readonly limit_names: readonly string[] | null
  readonly limit_starts: readonly Date[] | null
  readonly action: string | null
  readonly description: string | null
  readonly catalog_id: number | null
  readonly placed_at: Date
  readonly expires_at: Date
  readonly time_to_live_ms: bigint
  readonly ended_at: Date | null
}

export function holdFromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    state: row.state,
    amount: micros(row.amount_micros),
    short: micros(row.short_micros ?? 0n),
    shares: sharesFromColumns(row.lot_ids, row.lot_amounts_micros),
    fromShares: micros(row.from_shares_micros),
    captured: micros(row.captured_micros),
    asked: micros(row.asked_micros),
    refused: micros(row.refused_micros),
    checkpoint: micros(row.checkpoint_micros),
    onLapse: row.on_lapse,
    limits: (row.limit_names ?? []).map((name, index) => ({
      name,
      startsAt: row.limit_starts?.[index] ?? new Date(0),
    })),
    action: row.action ?? undefined,
    description: row.description ?? undefined,
    catalogId: row.catalog_id ?? undefined,
    placedAt: row.placed_at,
    timeToLiveMs: Number(row.time_to_live_ms),
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? undefined,
  }
}

/** The hold as placing it answered, whatever became of it. */
function holdAsPlaced(hold: Hold): Hold {
  const none = micros(0n)
  return {
    ...hold,
    state: 'placed',
    fromShares: none,
    captured: none,
    asked: none,
    refused: none,
    checkpoint: none,
    expiresAt: addMs(hold.placedAt, hold.timeToLiveMs),
    endedAt: undefined,
  }
}

function sharesFromColumns(lotIds: readonly Uuid[], amounts: readonly bigint[]): LotShare[] {
  return lotIds.map((lotId, index) => ({ lotId, amount: micros(amounts[index] ?? 0n) }))
}

export interface DebtRow {
  readonly wallet_id: Uuid
  readonly transaction: bigint
  readonly amount_micros: bigint
  readonly open_micros: bigint
  readonly repaid_lot_ids: readonly Uuid[]
  readonly repaid_micros: readonly bigint[]
}

export function debtFromRow(row: DebtRow): Debt {
  return {
    transaction: row.transaction,
    amount: micros(row.amount_micros),
    open: micros(row.open_micros),
    repaidBy: sharesFromColumns(row.repaid_lot_ids, row.repaid_micros),
  }
}

export interface CountRow {
  readonly wallet_id: Uuid
  readonly name: string
  readonly starts_at: Date
  readonly used_micros: bigint
}

export function countFromRow(row: CountRow): LimitCount {
  return { name: row.name, startsAt: row.starts_at, used: micros(row.used_micros) }
}

export interface RefundRow {
  readonly wallet_id: Uuid
  readonly transaction: bigint
  readonly refunded_micros: bigint
  readonly returned_lot_ids: readonly Uuid[]
  readonly returned_micros: readonly bigint[]
}

export interface EntryRow {
  readonly wallet_id: Uuid
  readonly number: bigint
  readonly position: number
  readonly operation: EntryOperation
  readonly lot_id: Uuid | null
  readonly from_account: Account | null
  readonly to_account: Account | null
  readonly amount_micros: bigint
  readonly hold_id: Uuid | null
  readonly action: string | null
  readonly key: Uuid | null
  readonly fingerprint: bigint | null
  readonly available_after_micros: bigint | null
  readonly held_after_micros: bigint | null
  readonly debt_after_micros: bigint | null
  readonly scoped_after_micros: bigint | null
  readonly upcoming_after_micros: bigint | null
  readonly frozen_after_micros: bigint | null
  readonly recorded_at: Date
  readonly facts: FactsJson | null
}

interface FactsJson {
  readonly would_refuse?: WouldRefuse
  readonly pending?: string
  readonly hold?: { readonly [Name in keyof HoldAsAnswered]: string | number | null }
}

export function factsToJson(facts: BoundFacts): string {
  const hold = facts.hold && {
    ...facts.hold,
    expiresAt: facts.hold.expiresAt.getTime(),
    endedAt: facts.hold.endedAt?.getTime() ?? null,
  }
  const json = { would_refuse: facts.wouldRefuse, pending: facts.pending, hold }
  return JSON.stringify(json, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
}

function creditsFromJson(value: string | number | null): Credits {
  return micros(BigInt(value ?? 0))
}

function holdFromJson(hold: Hold, { hold: then }: FactsJson): Hold {
  if (then === undefined) return hold
  return {
    ...hold,
    state: then.state as HoldState,
    fromShares: creditsFromJson(then.fromShares),
    captured: creditsFromJson(then.captured),
    asked: creditsFromJson(then.asked),
    refused: creditsFromJson(then.refused),
    checkpoint: creditsFromJson(then.checkpoint),
    expiresAt: new Date(Number(then.expiresAt)),
    endedAt: then.endedAt === null ? undefined : new Date(Number(then.endedAt)),
  }
}

/** What a transaction spent: undefined for one that is no charge, no capture and no lapse. */
export function spendingFromRows(
  entries: readonly EntryRow[],
  refund: RefundRow | undefined,
): Spending | undefined {
  const [first] = entries
  const isSpending =
    first?.operation === 'charge' || first?.operation === 'capture' || first?.operation === 'lapse'
  const spent = entries.filter((entry) => entry.to_account === 'spent')
  if (first === undefined || !isSpending) return undefined
  return {
    transaction: first.number,
    action: first.action ?? undefined,
    paid: sharesOf(spent),
    owed: total(spent.filter((entry) => entry.lot_id === null).map((entry) => micros(entry.amount_micros))),
    refunded: micros(refund?.refunded_micros ?? 0n),
    returned: sharesFromColumns(refund?.returned_lot_ids ?? [], refund?.returned_micros ?? []),
  }
}

function sharesOf(entries: readonly EntryRow[]): LotShare[] {
  return entries.flatMap(({ lot_id: lotId, amount_micros: amount }) =>
    // A note is about a lot, and moved nothing of it.
    lotId === null || amount === 0n ? [] : [{ lotId, amount: micros(amount) }],
  )
}

/** The receipt that was answered when the transaction was committed. */
export function receiptFromRows(entries: readonly EntryRow[], holdRow: HoldRow | undefined): Receipt {
  const bound = entries.at(-1)
  const [first] = entries
  invariant(first && bound, 'a transaction has entries')
  const kind = operationKind(bound.operation)
  const counted = entries.filter((entry) => counts(kind, entry))
  const facts: FactsJson = bound.facts ?? {}
  const pending = BigInt(facts.pending ?? 0)
  const shares = sharesOf(counted)
  const lotId = entries.find((entry) => entry.lot_id !== null)?.lot_id
  if (pending > 0n && typeof lotId === 'string') shares.push({ lotId, amount: micros(pending) })
  const owed = total(
    entries.filter((entry) => entry.from_account === 'debt').map((entry) => micros(entry.amount_micros)),
  )
  const repaid = total(
    entries.filter((entry) => entry.to_account === 'debt').map((entry) => micros(entry.amount_micros)),
  )
  const fromLots = total(shares.map((share) => share.amount))
  return {
    transaction: first.number,
    kind,
    at: bound.recorded_at,
    // Of what was revoked the debt is the other side, and not more.
    credits: micros(fromLots + repaid + (kind === 'capture' ? owed : 0n)),
    shares: mergeShares(shares),
    action: bound.action ?? undefined,
    hold: holdRow === undefined ? undefined : holdThen(kind, holdRow, facts),
    owed: micros(owed - repaid),
    wouldRefuse: facts.would_refuse,
    balance: balanceAfter(bound),
  }
}

function holdThen(kind: Operation['kind'], row: HoldRow, facts: FactsJson): Hold {
  const hold = holdFromRow(row)
  return kind === 'hold' ? holdAsPlaced(hold) : holdFromJson(hold, facts)
}

function balanceAfter(bound: EntryRow): Receipt['balance'] {
  const available = micros(bound.available_after_micros ?? 0n)
  const scoped = micros(bound.scoped_after_micros ?? 0n)
  const upcoming = micros(bound.upcoming_after_micros ?? 0n)
  const frozen = micros(bound.frozen_after_micros ?? 0n)
  return {
    available,
    held: micros(bound.held_after_micros ?? 0n),
    debt: micros(bound.debt_after_micros ?? 0n),
    spendable: micros(available - scoped - upcoming - frozen),
    scoped,
    upcoming,
    frozen,
  }
}

function operationKind(operation: EntryOperation): Operation['kind'] {
  invariant(operation !== 'lapse' && operation !== 'repay', 'no key is bound to what happened by itself')
  return operation
}

/** Whether an entry is part of what the receipt counts: of a capture only what was spent, not what was given back. */
function counts(kind: Operation['kind'], entry: EntryRow): boolean {
  return kind !== 'capture' || entry.to_account === 'spent'
}
