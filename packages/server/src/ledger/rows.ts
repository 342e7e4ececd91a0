/** How wallets, holds and bound transactions look in rows, and back. */
import { micros, total } from '../kernel/credits.ts'
import type { Mode, Uuid, WalletOwner } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Account, EntryOperation } from './entry.ts'
import type { Operation, Receipt } from './operations.ts'
import type { Hold, HoldState, LotShare, OpenLot, Wallet } from './wallet.ts'

export interface WalletRow {
  readonly id: Uuid
  readonly mode: Mode
  readonly customer_id: string
  readonly unit: string
  readonly available_micros: bigint
  readonly held_micros: bigint
  readonly debt_micros: bigint
  readonly lot_ids: readonly Uuid[]
  readonly lot_available_micros: readonly bigint[]
  readonly lot_held_micros: readonly bigint[]
  readonly lot_priorities: readonly number[]
  readonly lot_effective_ms: readonly bigint[]
  readonly lot_expires_ms: readonly (bigint | null)[]
  readonly next_lapse_at: Date | null
  readonly updated_at: Date
  /** The database's clock after the lock was had. */
  readonly locked_at: Date
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
      }
    }),
    nextLapseAt: row.next_lapse_at ?? undefined,
  }
}

export function ownerFromRow(row: WalletRow): WalletOwner {
  return { mode: row.mode, customer: row.customer_id, unit: row.unit }
}

export function emptyWallet(id: Uuid): Wallet {
  const none = micros(0n)
  return { id, available: none, held: none, debt: none, lots: [], nextLapseAt: undefined }
}

export interface HoldRow {
  readonly wallet_id: Uuid
  readonly id: Uuid
  readonly state: HoldState
  readonly amount_micros: bigint
  readonly captured_micros: bigint
  readonly lot_ids: readonly Uuid[]
  readonly lot_amounts_micros: readonly bigint[]
  readonly action: string | null
  readonly description: string | null
  readonly catalog_id: number | null
  readonly placed_at: Date
  readonly expires_at: Date
  readonly ended_at: Date | null
}

export function holdFromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    state: row.state,
    amount: micros(row.amount_micros),
    captured: micros(row.captured_micros),
    shares: row.lot_ids.map((lotId, index) => ({
      lotId,
      amount: micros(row.lot_amounts_micros[index] ?? 0n),
    })),
    action: row.action ?? undefined,
    description: row.description ?? undefined,
    catalogId: row.catalog_id ?? undefined,
    placedAt: row.placed_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? undefined,
  }
}

/** An entry of a transaction that a key is bound to; the key stands on one of them. */
export interface BoundEntryRow {
  readonly wallet_id: Uuid
  readonly transaction_id: Uuid
  readonly operation: EntryOperation
  readonly lot_id: Uuid
  readonly from_account: Account
  readonly to_account: Account
  readonly amount_micros: bigint
  readonly hold_id: Uuid | null
  readonly action: string | null
  readonly key: Uuid | null
  readonly fingerprint: bigint | null
  readonly available_after_micros: bigint | null
  readonly held_after_micros: bigint | null
  readonly debt_after_micros: bigint | null
  readonly spendable_after_micros: bigint | null
  readonly recorded_at: Date
}

/** The receipt that was answered when `entries` were committed. */
export function receiptFromRows(entries: readonly BoundEntryRow[], hold: Hold | undefined): Receipt {
  const bound = entries.find((entry) => entry.key !== null)
  invariant(bound, 'a transaction that a key is bound to has the key on one of its entries')
  const kind = operationKind(bound.operation)
  const shares = entries
    .filter((entry) => counts(kind, entry))
    .map((entry): LotShare => ({ lotId: entry.lot_id, amount: micros(entry.amount_micros) }))
  const available = micros(bound.available_after_micros ?? 0n)
  const spendable = micros(bound.spendable_after_micros ?? available)
  return {
    transactionId: bound.transaction_id,
    kind,
    at: bound.recorded_at,
    credits: total(shares.map((share) => share.amount)),
    shares,
    action: bound.action ?? undefined,
    hold:
      hold === undefined || kind !== 'hold'
        ? hold
        : { ...hold, state: 'placed', captured: micros(0n), endedAt: undefined },
    balance: {
      available,
      held: micros(bound.held_after_micros ?? 0n),
      debt: micros(bound.debt_after_micros ?? 0n),
      spendable,
      upcoming: micros(available - spendable),
    },
  }
}

function operationKind(operation: EntryOperation): Operation['kind'] {
  invariant(operation !== 'lapse' && operation !== 'expire', 'no key is bound to what time alone did')
  return operation
}

/** Whether an entry is part of what the receipt counts: of a capture only what was spent, not what was given back. */
function counts(kind: Operation['kind'], entry: BoundEntryRow): boolean {
  return kind !== 'capture' || entry.to_account === 'spent'
}
