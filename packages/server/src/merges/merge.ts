import { type Credits, micros } from '../kernel/credits.ts'
import { type Mode, type Uuid, walletId } from '../kernel/ids.ts'
import { addMs, dayMs } from '../kernel/time.ts'
import { internalKey } from '../ledger/keys.ts'
import type { GrantOperation, Key } from '../ledger/operations.ts'
import type { TakenLot } from '../ledger/take-lots.ts'

/** Who turned out to be whom. */
export interface Merge {
  readonly mode: Mode
  readonly customer: string
  readonly into: string
  readonly createdAt: Date
}

export interface TakingKey {
  readonly walletId: Uuid
  readonly number: number
}

/** What was taken from a wallet at once, on its way to another, or there. */
export interface Taking extends TakingKey {
  readonly mode: Mode
  readonly customer: string
  readonly into: string
  readonly unit: string
  readonly lots: readonly LotJson[]
  readonly takenAt: Date
  readonly arrivedAt: Date | undefined
}

/** A lot as it is written down: all that the grant of it needs. */
export interface LotJson {
  readonly lot: Uuid
  readonly credits_micros: string
  readonly source: GrantOperation['source']
  readonly category: 'paid' | 'promotional'
  readonly name: string
  readonly priority: number
  readonly effective_at: string
  readonly expires_at: string | null
  readonly scope: readonly string[] | null
  readonly repays_debt: boolean
  readonly late_return_days: number
  readonly paid_amount_minor: string | null
  readonly paid_currency: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly order: Uuid | null
}

export function lotToJson({ lot, credits }: TakenLot): LotJson {
  return {
    lot: lot.id,
    credits_micros: credits.toString(),
    source: lot.source,
    category: lot.category,
    name: lot.name,
    priority: lot.priority,
    effective_at: lot.effectiveAt.toISOString(),
    expires_at: lot.expiresAt?.toISOString() ?? null,
    scope: lot.scope ?? null,
    repays_debt: lot.repaysDebt,
    late_return_days: lot.lateReturnDays,
    // Of what was paid the share of these credits, in whole cents; what is over stays with what was used.
    paid_amount_minor:
      lot.paid === undefined ? null : ((lot.paid.amountMinor * credits) / lot.granted).toString(),
    paid_currency: lot.paid?.currency ?? null,
    metadata: lot.metadata,
    order: lot.orderId ?? null,
  }
}

/** Under which a lot of a taking arrives, in the wallet of whom it was taken to. */
export function grantKey({ walletId, number }: TakingKey, lotId: Uuid): Key {
  return internalKey(`merge:${walletId}:${number}:${lotId}`)
}

/** The grants with which a taking arrives. */
export function grantsOf(taking: Taking): GrantOperation[] {
  const owner = { mode: taking.mode, customer: taking.into, unit: taking.unit }
  return taking.lots.map((lot) => ({
    kind: 'grant',
    walletId: walletId(owner),
    key: grantKey(taking, lot.lot),
    owner,
    credits: micros(BigInt(lot.credits_micros)),
    source: lot.source,
    category: lot.category,
    name: lot.name,
    priority: lot.priority,
    effectiveAt: new Date(lot.effective_at),
    expiry: lot.expires_at === null ? undefined : { at: new Date(lot.expires_at) },
    scope: lot.scope ?? undefined,
    repaysDebt: lot.repays_debt,
    lateReturnDays: lot.late_return_days,
    metadata: lot.metadata,
    paid:
      lot.paid_amount_minor === null || lot.paid_currency === null
        ? undefined
        : { amountMinor: BigInt(lot.paid_amount_minor), currency: lot.paid_currency },
    orderId: lot.order ?? undefined,
  }))
}

export function creditsOf({ lots }: Taking): Credits {
  return micros(lots.reduce((sum, lot) => sum + BigInt(lot.credits_micros), 0n))
}

const minuteMs = 60_000
const looksForMs = 90 * dayMs

/** When to look again for credits that have become available: the older the merge, the less is to be expected. */
export function nextLook({ createdAt }: Pick<Merge, 'createdAt'>, now: Date): Date | undefined {
  const ageMs = now.getTime() - createdAt.getTime()
  if (ageMs > looksForMs) return undefined
  return addMs(now, Math.min(dayMs, Math.max(minuteMs, ageMs / 10)))
}
