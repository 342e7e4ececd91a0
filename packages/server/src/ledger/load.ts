import type { Session } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import type { GrantOperation, Operation, Receipt } from './operations.ts'
import {
  type BoundEntryRow,
  emptyWallet,
  type HoldRow,
  holdFromRow,
  ownerFromRow,
  receiptFromRows,
  type WalletRow,
  walletFromRow,
} from './rows.ts'
import * as statements from './statements.ts'
import type { Hold, Wallet } from './wallet.ts'

/** A locked wallet with what a batch needs of it. */
export interface LoadedWallet {
  /** As stored: not yet settled. */
  readonly wallet: Wallet
  /** The ledger's now: the later of the clock after the lock and the wallet's last change. */
  readonly now: Date
  /** The live holds, soonest to lapse first, where one may have lapsed; else none. */
  readonly liveHolds: readonly Hold[]
  /** The holds that the batch's operations name. */
  readonly namedHolds: readonly Hold[]
  /** Of the batch's keys those that are bound. */
  readonly boundByKey: ReadonlyMap<Uuid, BoundKey>
}

/** What a key is bound to, and what was answered. */
export interface BoundKey {
  readonly fingerprint: bigint
  readonly receipt: Receipt
}

/** Locks and reads the wallets of a batch. A wallet that does not exist is empty, and made when a grant needs it. */
export async function loadBatch(
  session: Session,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<Map<Uuid, LoadedWallet>> {
  await insertMissing(
    session,
    operations.filter((operation) => operation.kind === 'grant'),
  )
  const ids = [...new Set(operations.map((operation) => operation.walletId))].sort()
  const rows = await session.run<WalletRow>(statements.lockWallets, [ids])
  checkOwners(rows, operations)
  const rowsById = new Map(rows.map((row) => [row.id, row]))
  const lockedAt = context.clock?.() ?? latest(rows.map((row) => row.locked_at))

  const bound = await readBound(session, operations)
  const named = await readNamedHolds(session, operations, bound)
  const nowOf = (row: WalletRow | undefined): Date =>
    row === undefined ? lockedAt : latest([lockedAt, row.updated_at])
  const mayHaveLapsed = rows
    .filter((row) => row.next_lapse_at !== null && row.next_lapse_at <= nowOf(row))
    .map((row) => row.id)
  const live =
    mayHaveLapsed.length === 0 ? [] : await session.run<HoldRow>(statements.readLiveHolds, [mayHaveLapsed])
  const liveById = Map.groupBy(live, (row) => row.wallet_id)
  const namedById = Map.groupBy(named, (row) => row.wallet_id)

  return new Map(
    ids.map((id) => {
      const row = rowsById.get(id)
      const namedHolds = (namedById.get(id) ?? []).map(holdFromRow)
      return [
        id,
        {
          wallet: row === undefined ? emptyWallet(id) : walletFromRow(row),
          now: nowOf(row),
          liveHolds: (liveById.get(id) ?? []).map(holdFromRow),
          namedHolds,
          boundByKey: boundKeys(bound.get(id) ?? [], namedHolds),
        },
      ]
    }),
  )
}

/** What the key is bound to in the wallet, if it is: read without a lock, for what is bound once is bound for good. */
export async function readBoundKey(session: Session, asked: Keyed): Promise<BoundKey | undefined> {
  const bound = await readBound(session, [asked])
  const holds = await readNamedHolds(session, [], bound)
  return boundKeys(bound.get(asked.walletId) ?? [], holds.map(holdFromRow)).get(asked.key.id)
}

type Keyed = Pick<Operation, 'walletId' | 'key'>

async function insertMissing(session: Session, grants: readonly GrantOperation[]): Promise<void> {
  if (grants.length === 0) return
  const byId = [...new Map(grants.map((grant) => [grant.walletId, grant])).values()]
  await session.run(statements.insertWallets, [
    byId.map((grant) => grant.walletId),
    byId.map((grant) => grant.owner.mode),
    byId.map((grant) => grant.owner.customer),
    byId.map((grant) => grant.owner.unit),
  ])
}

/** A wallet's id is a hash of whose it is. Should two owners ever share one, nobody's credits are mixed up. */
function checkOwners(rows: readonly WalletRow[], operations: readonly Operation[]): void {
  const ownersById = new Map(rows.map((row) => [row.id, ownerFromRow(row)]))
  for (const operation of operations) {
    if (operation.kind !== 'grant') continue
    const stored = ownersById.get(operation.walletId)
    const same =
      stored?.customer === operation.owner.customer &&
      stored.unit === operation.owner.unit &&
      stored.mode === operation.owner.mode
    invariant(same, 'a wallet belongs to the owner that its id was derived from')
  }
}

async function readBound(
  session: Session,
  operations: readonly Keyed[],
): Promise<Map<Uuid, BoundEntryRow[]>> {
  const rows = await session.run<BoundEntryRow>(statements.readBoundKeys, [
    operations.map((operation) => operation.walletId),
    operations.map((operation) => operation.key.id),
  ])
  return Map.groupBy(rows, (row) => row.wallet_id)
}

async function readNamedHolds(
  session: Session,
  operations: readonly Operation[],
  bound: ReadonlyMap<Uuid, BoundEntryRow[]>,
): Promise<HoldRow[]> {
  const pairs = [
    ...operations.flatMap((operation) =>
      'holdId' in operation ? [[operation.walletId, operation.holdId] as const] : [],
    ),
    ...[...bound].flatMap(([walletId, entries]) =>
      entries.flatMap((entry) => (entry.hold_id === null ? [] : [[walletId, entry.hold_id] as const])),
    ),
  ]
  if (pairs.length === 0) return []
  // Asked for once each: what a batch names twice would otherwise come twice.
  const named = [...new Map(pairs.map((pair) => [pair.join(), pair])).values()]
  return session.run<HoldRow>(statements.readHolds, [
    named.map(([walletId]) => walletId),
    named.map(([, holdId]) => holdId),
  ])
}

function boundKeys(rows: readonly BoundEntryRow[], holds: readonly Hold[]): Map<Uuid, BoundKey> {
  const boundByKey = new Map<Uuid, BoundKey>()
  for (const entries of Map.groupBy(rows, (row) => row.transaction_id).values()) {
    const bound = entries.find((entry) => entry.key !== null)
    if (bound === undefined || bound.key === null || bound.fingerprint === null) continue
    const hold = holds.find((one) => one.id === bound.hold_id)
    boundByKey.set(bound.key, { fingerprint: bound.fingerprint, receipt: receiptFromRows(entries, hold) })
  }
  return boundByKey
}

function latest(instants: readonly Date[]): Date {
  return instants.reduce((a, b) => (a > b ? a : b), new Date(0))
}
