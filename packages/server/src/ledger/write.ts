import type { Session } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Entry } from './entry.ts'
import type { GrantOperation } from './operations.ts'
import * as statements from './statements.ts'
import type { Hold, OpenLot, Wallet } from './wallet.ts'

/** What a batch did to one wallet. */
export interface WalletChanges {
  readonly wallet: Wallet
  readonly now: Date
  readonly newLots: readonly { readonly lot: OpenLot; readonly operation: GrantOperation }[]
  readonly entries: readonly Entry[]
  /** Holds placed in this batch, in the state in which it left them. */
  readonly placedHolds: readonly Hold[]
  /** Holds of earlier batches that ended in this one. */
  readonly endedHolds: readonly Hold[]
}

export async function writeBatch(session: Session, changes: readonly WalletChanges[]): Promise<void> {
  if (changes.length === 0) return
  await session.run(statements.writeBatch, [
    ...lotColumns(changes),
    ...entryColumns(changes),
    ...placedHoldColumns(changes),
    ...endedHoldColumns(changes),
    ...walletColumns(changes),
  ])
}

function lotColumns(changes: readonly WalletChanges[]): unknown[][] {
  const rows = changes.flatMap(({ wallet, now, newLots }) =>
    newLots.map((each) => ({ ...each, walletId: wallet.id, now })),
  )
  return [
    rows.map((row) => row.walletId),
    rows.map((row) => row.lot.id),
    rows.map((row) => row.operation.source),
    rows.map((row) => row.operation.name),
    rows.map((row) => row.operation.credits),
    rows.map((row) => row.operation.paid?.amountMinor ?? null),
    rows.map((row) => row.operation.paid?.currency ?? null),
    rows.map((row) => row.lot.priority),
    rows.map((row) => instant(row.lot.effectiveAt)),
    rows.map((row) => instant(row.lot.expiresAt)),
    rows.map((row) => row.operation.orderId ?? null),
    rows.map((row) => instant(row.now)),
  ]
}

function entryColumns(changes: readonly WalletChanges[]): unknown[][] {
  const positions = new Map<Uuid, number>()
  const rows = changes.flatMap(({ wallet, now, entries }) =>
    entries.map((entry) => {
      const position = positions.get(entry.transactionId) ?? 0
      positions.set(entry.transactionId, position + 1)
      return { entry, position, walletId: wallet.id, now, key: entry.bound?.key, after: entry.bound?.balance }
    }),
  )
  return [
    rows.map((row) => row.walletId),
    rows.map((row) => row.entry.transactionId),
    rows.map((row) => row.position),
    rows.map((row) => row.entry.operation),
    rows.map((row) => row.entry.lotId),
    rows.map((row) => row.entry.from),
    rows.map((row) => row.entry.to),
    rows.map((row) => row.entry.amount),
    rows.map((row) => row.entry.holdId ?? null),
    rows.map((row) => row.entry.catalogId ?? null),
    rows.map((row) => row.key?.id ?? null),
    rows.map((row) => row.key?.fingerprint ?? null),
    rows.map((row) => row.after?.available ?? null),
    rows.map((row) => row.after?.held ?? null),
    rows.map((row) => row.after?.debt ?? null),
    // Mostly the same as available, and then not stored.
    rows.map((row) =>
      row.after === undefined || row.after.spendable === row.after.available ? null : row.after.spendable,
    ),
    rows.map((row) => instant(row.entry.effectiveAt)),
    rows.map((row) => instant(row.now)),
    rows.map((row) => row.entry.action ?? null),
    rows.map((row) => row.entry.description ?? null),
  ]
}

function placedHoldColumns(changes: readonly WalletChanges[]): unknown[][] {
  const rows = changes.flatMap(({ wallet, placedHolds }) =>
    placedHolds.map((hold) => ({ hold, walletId: wallet.id })),
  )
  return [
    rows.map((row) => row.walletId),
    rows.map((row) => row.hold.id),
    rows.map((row) => row.hold.state),
    rows.map((row) => row.hold.amount),
    rows.map((row) => row.hold.captured),
    rows.map((row) => arrayText(row.hold.shares.map((share) => share.lotId))),
    rows.map((row) => arrayText(row.hold.shares.map((share) => share.amount))),
    rows.map((row) => row.hold.action ?? null),
    rows.map((row) => row.hold.description ?? null),
    rows.map((row) => row.hold.catalogId ?? null),
    rows.map((row) => instant(row.hold.placedAt)),
    rows.map((row) => instant(row.hold.expiresAt)),
    rows.map((row) => instant(row.hold.endedAt)),
  ]
}

function endedHoldColumns(changes: readonly WalletChanges[]): unknown[][] {
  const rows = changes.flatMap(({ wallet, endedHolds }) =>
    endedHolds.map((hold) => ({ hold, walletId: wallet.id })),
  )
  return [
    rows.map((row) => row.walletId),
    rows.map((row) => row.hold.id),
    rows.map((row) => row.hold.state),
    rows.map((row) => row.hold.captured),
    rows.map((row) => instant(row.hold.endedAt)),
  ]
}

function walletColumns(changes: readonly WalletChanges[]): unknown[][] {
  const wallets = changes.map((change) => change.wallet)
  return [
    wallets.map((wallet) => wallet.id),
    wallets.map((wallet) => wallet.available),
    wallets.map((wallet) => wallet.held),
    wallets.map((wallet) => wallet.debt),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.id))),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.available))),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.held))),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.priority))),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.effectiveAt.getTime()))),
    wallets.map((wallet) => arrayText(wallet.lots.map((lot) => lot.expiresAt?.getTime() ?? 'NULL'))),
    wallets.map((wallet) => instant(wallet.nextLapseAt)),
    changes.map((change) => instant(change.now)),
  ]
}

/** Ids and numbers only: nothing in them needs quoting. */
function arrayText(elements: readonly (string | number | bigint)[]): string {
  return `{${elements.join(',')}}`
}

function instant(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}
