import type { Request, Statement } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { bigints, type Column, instants, uuids } from './array-bytes.ts'
import { nullable, plain, quoted } from './array-text.ts'
import type { NewLot, Spending } from './decide/decision.ts'
import type { Entry } from './entry.ts'
import type { LimitChange } from './limits.ts'
import type { LotUpdate } from './lot.ts'
import { factsToJson, flagsOf, traitsToJson, waitingToJson } from './rows.ts'
import * as statements from './statements.ts'
import type { Debt, Hold, LotShare, OpenLot, Wallet } from './wallet.ts'
import type { StoredLots } from './window.ts'

/** What a batch did to one wallet. */
export interface WalletChanges {
  readonly wallet: Wallet
  readonly now: Date
  readonly before: Wallet
  readonly lots: StoredLots
  readonly lotsBefore: readonly OpenLot[]
  readonly newLots: readonly NewLot[]
  readonly lotUpdates: readonly LotUpdate[]
  readonly entries: readonly Entry[]
  /** Holds placed in this batch, in the state in which it left them. */
  readonly placedHolds: readonly Hold[]
  /** Holds of earlier batches that changed in this one. */
  readonly changedHolds: readonly Hold[]
  readonly debts: readonly Debt[]
  readonly spendings: readonly Spending[]
  readonly limitChanges: readonly LimitChange[]
}

/** Everything that a batch decided, as statements that go to the database together: one for each table that changes. */
export function writesOf(changes: readonly WalletChanges[]): Request[] {
  const all = <Row>(rowsOf: (change: WalletChanges) => readonly Row[]): In<Row>[] =>
    changes.flatMap((change) =>
      rowsOf(change).map((row) => ({ row, walletId: change.wallet.id, now: change.now })),
    )
  const hasSameLots = new Set(changes.filter((change) => isSameButForSums(change)))
  return [
    request(
      statements.insertLots,
      lotColumns,
      all((change) => change.newLots),
    ),
    request(
      statements.insertEntries,
      entryColumns,
      all((change) => change.entries),
    ),
    request(statements.updateLots, lotUpdateColumns, all(lotUpdatesOf)),
    request(
      statements.insertHolds,
      placedHoldColumns,
      all((change) => change.placedHolds),
    ),
    request(
      statements.updateHolds,
      changedHoldColumns,
      all((change) => change.changedHolds),
    ),
    request(
      statements.deleteWaitingLots,
      goneColumns,
      all((change) => change.lots.noLongerWaiting),
    ),
    request(
      statements.putWaitingLots,
      waitingColumns,
      all((change) => change.lots.toWait),
    ),
    request(
      statements.putDebts,
      debtColumns,
      all((change) => change.debts),
    ),
    request(
      statements.putRefunds,
      refundColumns,
      all((change) => change.spendings),
    ),
    request(
      statements.addToCounts,
      countColumns,
      all((change) => added(change.limitChanges, 'more')),
    ),
    request(
      statements.takeFromCounts,
      countColumns,
      all((change) => added(change.limitChanges, 'less')),
    ),
    request(
      statements.updateWalletSums,
      sumColumns,
      changes.filter((change) => hasSameLots.has(change)),
    ),
    request(
      statements.updateWallets,
      walletColumns,
      changes.filter((change) => !hasSameLots.has(change)),
    ),
  ].flat()
}

/** A row, and what is the same for all rows of its wallet. */
interface In<Row> {
  readonly row: Row
  readonly walletId: Uuid
  readonly now: Date
}

function request<Row>(
  statement: Statement,
  columnsOf: (rows: readonly Row[]) => Column[],
  rows: readonly Row[],
): Request[] {
  return rows.length === 0 ? [] : [{ statement, values: columnsOf(rows) }]
}

function lotColumns(rows: readonly In<NewLot>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    uuids(rows, ({ row }) => row.lot.id),
    plain(rows, ({ row }) => row.facts.source),
    plain(rows, ({ row }) => row.facts.category),
    quoted(rows, ({ row }) => row.facts.name),
    bigints(rows, ({ row }) => row.lot.granted),
    bigints(rows, ({ row }) => row.facts.paid?.amountMinor),
    plain(rows, ({ row }) => row.facts.paid?.currency),
    plain(rows, ({ row }) => row.lot.priority),
    instants(rows, ({ row }) => row.lot.effectiveAt),
    instants(rows, ({ row }) => row.lot.expiresAt),
    quoted(rows, ({ row }) => row.lot.traits?.scope && quoted(row.lot.traits.scope, (action) => action)),
    plain(rows, ({ row }) => row.lot.traits?.keepsOutOfDebt !== true),
    plain(rows, ({ row }) => row.lot.traits?.lateReturnDays ?? 0),
    quoted(rows, ({ row }) => row.facts.metadata && JSON.stringify(row.facts.metadata)),
    uuids(rows, ({ row }) => row.facts.orderId),
    instants(rows, ({ now }) => now),
  ]
}

function entryColumns(rows: readonly In<Entry>[]): Column[] {
  const after = ({ row }: In<Entry>) => row.bound?.balance
  return [
    bigints(rows, ({ row }) => row.number),
    uuids(rows, ({ walletId }) => walletId),
    plain(rows, ({ row }) => row.position),
    plain(rows, ({ row }) => row.operation),
    uuids(rows, ({ row }) => row.lotId),
    plain(rows, ({ row }) => row.from),
    plain(rows, ({ row }) => row.to),
    bigints(rows, ({ row }) => row.amount),
    uuids(rows, ({ row }) => row.holdId),
    bigints(rows, ({ row }) => row.aboutTransaction),
    plain(rows, ({ row }) => row.catalogId),
    uuids(rows, ({ row }) => row.bound?.key.id),
    bigints(rows, ({ row }) => row.bound?.key.fingerprint),
    bigints(rows, (row) => after(row)?.available),
    // What is nothing is not stored; spendable is what the others leave of available.
    bigints(rows, (row) => unlessZero(after(row)?.held)),
    bigints(rows, (row) => unlessZero(after(row)?.debt)),
    bigints(rows, (row) => unlessZero(after(row)?.scoped)),
    bigints(rows, (row) => unlessZero(after(row)?.upcoming)),
    bigints(rows, (row) => unlessZero(after(row)?.frozen)),
    instants(rows, ({ row, now }) =>
      row.effectiveAt.getTime() === now.getTime() ? undefined : row.effectiveAt,
    ),
    instants(rows, ({ now }) => now),
    quoted(rows, ({ row }) => row.action),
    quoted(rows, ({ row }) => row.description),
    quoted(rows, ({ row }) => row.actor),
    quoted(rows, ({ row }) => row.bound?.facts && factsToJson(row.bound.facts)),
  ]
}

interface LotSums extends LotUpdate {
  expired: bigint
  revoked: bigint
}

/** What became of each lot of a wallet, once for each. */
function lotUpdatesOf({ entries, lotUpdates }: WalletChanges): LotSums[] {
  const updates = new Map<Uuid, LotSums>()
  const update = (lotId: Uuid): LotSums => {
    const known = updates.get(lotId) ?? { lotId, expired: 0n, revoked: 0n }
    updates.set(lotId, known)
    return known
  }
  for (const { lotId, from, to, amount } of entries) {
    if (lotId === undefined) continue
    if (to === 'expired') update(lotId).expired += amount
    if (from === 'expired') update(lotId).expired -= amount
    if (to === 'revoked') update(lotId).revoked += amount
  }
  for (const { lotId, expiresAt, isFrozen } of lotUpdates) {
    const known = update(lotId)
    updates.set(lotId, {
      ...known,
      expiresAt: expiresAt ?? known.expiresAt,
      isFrozen: isFrozen ?? known.isFrozen,
    })
  }
  return [...updates.values()]
}

function lotUpdateColumns(rows: readonly In<LotSums>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    uuids(rows, ({ row }) => row.lotId),
    bigints(rows, ({ row }) => row.expired),
    bigints(rows, ({ row }) => row.revoked),
    instants(rows, ({ row }) => row.expiresAt),
    plain(rows, ({ row }) => row.isFrozen),
  ]
}

function placedHoldColumns(rows: readonly In<Hold>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    uuids(rows, ({ row }) => row.id),
    plain(rows, ({ row }) => row.state),
    bigints(rows, ({ row }) => row.amount),
    // Nothing for nearly every hold: null takes no room in the row.
    bigints(rows, ({ row }) => (row.short === 0n ? undefined : row.short)),
    bigints(rows, ({ row }) => row.captured),
    bigints(rows, ({ row }) => row.fromShares),
    bigints(rows, ({ row }) => row.asked),
    bigints(rows, ({ row }) => row.refused),
    bigints(rows, ({ row }) => row.checkpoint),
    plain(rows, ({ row }) => row.onLapse),
    quoted(rows, ({ row }) => lotIds(row.shares)),
    quoted(rows, ({ row }) => amounts(row.shares)),
    quoted(rows, ({ row }) =>
      row.limits.length === 0 ? undefined : quoted(row.limits, (limit) => limit.name),
    ),
    quoted(rows, ({ row }) =>
      row.limits.length === 0 ? undefined : plain(row.limits, (limit) => limit.startsAt.toISOString()),
    ),
    quoted(rows, ({ row }) => row.action),
    quoted(rows, ({ row }) => row.description),
    plain(rows, ({ row }) => row.catalogId),
    instants(rows, ({ row }) => row.placedAt),
    instants(rows, ({ row }) => row.expiresAt),
    plain(rows, ({ row }) => row.timeToLiveMs),
    instants(rows, ({ row }) => row.endedAt),
  ]
}

function changedHoldColumns(rows: readonly In<Hold>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    uuids(rows, ({ row }) => row.id),
    plain(rows, ({ row }) => row.state),
    bigints(rows, ({ row }) => row.captured),
    bigints(rows, ({ row }) => row.fromShares),
    bigints(rows, ({ row }) => row.asked),
    bigints(rows, ({ row }) => row.refused),
    bigints(rows, ({ row }) => row.checkpoint),
    instants(rows, ({ row }) => row.expiresAt),
    instants(rows, ({ row }) => row.endedAt),
  ]
}

function goneColumns(rows: readonly In<Uuid>[]): Column[] {
  return [uuids(rows, ({ walletId }) => walletId), uuids(rows, ({ row }) => row)]
}

function waitingColumns(rows: readonly In<OpenLot>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    uuids(rows, ({ row }) => row.id),
    bigints(rows, ({ row }) => row.available),
    bigints(rows, ({ row }) => row.held),
    plain(rows, ({ row }) => row.priority),
    plain(rows, ({ row }) => flagsOf(row.traits)),
    plain(rows, ({ row }) => row.effectiveAt.getTime()),
    plain(rows, ({ row }) => row.expiresAt?.getTime()),
    quoted(rows, ({ row }) => {
      const traits = traitsToJson(row.traits)
      return traits && JSON.stringify(traits)
    }),
  ]
}

function debtColumns(rows: readonly In<Debt>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    bigints(rows, ({ row }) => row.transaction),
    bigints(rows, ({ row }) => row.amount),
    bigints(rows, ({ row }) => row.open),
    quoted(rows, ({ row }) => lotIds(row.repaidBy)),
    quoted(rows, ({ row }) => amounts(row.repaidBy)),
  ]
}

function refundColumns(rows: readonly In<Spending>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    bigints(rows, ({ row }) => row.transaction),
    bigints(rows, ({ row }) => row.refunded),
    quoted(rows, ({ row }) => lotIds(row.returned)),
    quoted(rows, ({ row }) => amounts(row.returned)),
  ]
}

/** One change for each bucket, for a statement changes a row once. */
function added(changes: readonly LimitChange[], which: 'more' | 'less'): LimitChange[] {
  const sums = new Map<string, LimitChange>()
  for (const change of changes) {
    const bucket = `${change.startsAt.getTime()} ${change.name}`
    sums.set(bucket, { ...change, by: change.by + (sums.get(bucket)?.by ?? 0n) })
  }
  return [...sums.values()].filter((change) => (which === 'more' ? change.by > 0n : change.by < 0n))
}

function countColumns(rows: readonly In<LimitChange>[]): Column[] {
  return [
    uuids(rows, ({ walletId }) => walletId),
    quoted(rows, ({ row }) => row.name),
    instants(rows, ({ row }) => row.startsAt),
    bigints(rows, ({ row }) => row.by),
  ]
}

/** Whether the row's lots are those that were in it, with other amounts at most. */
function isSameButForSums({ before, lots, lotsBefore }: WalletChanges): boolean {
  const { inRow, waiting, noLongerWaiting } = lots
  return (
    // What the row says of those that wait stays true: none came, and none was looked at.
    waiting === before.waiting &&
    noLongerWaiting.length === 0 &&
    inRow.length === lotsBefore.length &&
    inRow.every((lot, index) => {
      const old = lotsBefore[index]
      return lot.id === old?.id && lot.traits === old.traits && lot.expiresAt === old.expiresAt
    })
  )
}

function sumColumns(rows: readonly WalletChanges[]): Column[] {
  return [
    uuids(rows, ({ wallet }) => wallet.id),
    instants(rows, ({ wallet }) => wallet.nextLapseAt),
    instants(rows, ({ now }) => now),
    bigints(rows, ({ wallet }) => wallet.entryCount),
    bigints(rows, ({ wallet }) => wallet.available),
    bigints(rows, ({ wallet }) => wallet.held),
    bigints(rows, ({ wallet }) => wallet.debt),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => lot.available)),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => lot.held)),
  ]
}

function walletColumns(rows: readonly WalletChanges[]): Column[] {
  return [
    ...sumColumns(rows),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => lot.id)),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => lot.priority)),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => flagsOf(lot.traits))),
    quoted(rows, ({ lots }) => plain(lots.inRow, (lot) => lot.effectiveAt.getTime())),
    quoted(rows, ({ lots }) => nullable(lots.inRow, (lot) => lot.expiresAt?.getTime())),
    quoted(rows, ({ lots }) => traitsOfAll(lots.inRow)),
    quoted(rows, ({ lots }) => waitingToJson(lots.waiting) ?? undefined),
  ]
}

function traitsOfAll(lots: readonly OpenLot[]): string | undefined {
  const traits = lots.flatMap((lot) => {
    const json = traitsToJson(lot.traits)
    return json === undefined ? [] : [[lot.id, json] as const]
  })
  return traits.length === 0 ? undefined : JSON.stringify(Object.fromEntries(traits))
}

function lotIds(shares: readonly LotShare[]): string {
  return plain(shares, (share) => share.lotId)
}

function amounts(shares: readonly LotShare[]): string {
  return plain(shares, (share) => share.amount)
}

function unlessZero(amount: bigint | undefined): bigint | undefined {
  return amount === 0n ? undefined : amount
}
