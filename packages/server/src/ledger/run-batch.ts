import type { Session } from '../database/database.ts'
import type { NewId, Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import { decide } from './decide.ts'
import type { Entry } from './entry.ts'
import { keyReused } from './errors.ts'
import { type BoundKey, type LoadedWallet, loadBatch } from './load.ts'
import type { GrantOperation, Key, Operation, Outcome } from './operations.ts'
import { settle } from './settle.ts'
import type { Hold, OpenLot, Wallet } from './wallet.ts'
import { type WalletChanges, writeBatch } from './write.ts'

/**
 * Load, decide, write: many operations on a few wallets, in the session's transaction. The answers are true once that transaction commits.
 * One operation's refusal leaves its neighbours alone. Operations on one wallet are decided in their order here.
 */
export async function runBatch(
  session: Session,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<Outcome[]> {
  const loaded = await loadBatch(session, operations, context)
  const drafts = new Map<Uuid, WalletDraft>()
  const outcomes = operations.map((operation) => {
    let draft = drafts.get(operation.walletId)
    if (draft === undefined) {
      const wallet = loaded.get(operation.walletId)
      invariant(wallet, 'every wallet that an operation names is loaded')
      draft = new WalletDraft(wallet, context.newId)
      drafts.set(operation.walletId, draft)
    }
    return draft.apply(operation)
  })
  await writeBatch(
    session,
    [...drafts.values()].flatMap((draft) => draft.changes()),
  )
  return outcomes
}

/** One wallet in the course of a batch: each operation is decided on what the ones before it left. */
class WalletDraft {
  readonly #loaded: LoadedWallet
  readonly #newId: NewId
  readonly #boundByKey: Map<Uuid, BoundKey>
  readonly #holdsById: Map<Uuid, Hold>
  readonly #placedHere = new Set<Uuid>()
  readonly #endedHere = new Set<Uuid>()
  readonly #newLots: { lot: OpenLot; operation: GrantOperation }[] = []
  /** What settling posted, written only with an operation: a refused one writes nothing. */
  readonly #settlement: readonly Entry[]
  readonly #entries: Entry[] = []
  #wallet: Wallet

  constructor(loaded: LoadedWallet, newId: NewId) {
    this.#loaded = loaded
    this.#newId = newId
    this.#boundByKey = new Map(loaded.boundByKey)
    const settled = settle(loaded.wallet, loaded.liveHolds, loaded.now, newId)
    this.#holdsById = new Map([...loaded.namedHolds, ...settled.lapsed].map((hold) => [hold.id, hold]))
    for (const hold of settled.lapsed) this.#endedHere.add(hold.id)
    this.#settlement = settled.entries
    this.#wallet = { ...settled.wallet, nextLapseAt: nextLapse(loaded) }
  }

  apply(operation: Operation): Outcome {
    const before = this.#boundByKey.get(operation.key.id)
    if (before !== undefined) return replay(operation.key, before)
    const named = 'holdId' in operation ? this.#holdsById.get(operation.holdId) : undefined
    const decision = decide(this.#wallet, operation, named, this.#loaded.now, this.#newId)
    if (!decision.ok) return decision

    this.#wallet = decision.wallet
    this.#entries.push(...decision.entries)
    if (decision.lot !== undefined && operation.kind === 'grant')
      this.#newLots.push({ lot: decision.lot, operation })
    const { receipt } = decision
    if (receipt.hold !== undefined) {
      this.#holdsById.set(receipt.hold.id, receipt.hold)
      ;(operation.kind === 'hold' ? this.#placedHere : this.#endedHere).add(receipt.hold.id)
    }
    this.#boundByKey.set(operation.key.id, { fingerprint: operation.key.fingerprint, receipt })
    return { ok: true, receipt }
  }

  changes(): WalletChanges[] {
    if (this.#entries.length === 0) return []
    const holdsIn = (ids: ReadonlySet<Uuid>): Hold[] =>
      [...ids].flatMap((id) => this.#holdsById.get(id) ?? [])
    return [
      {
        wallet: this.#wallet,
        now: this.#loaded.now,
        newLots: this.#newLots,
        entries: [...this.#settlement, ...this.#entries],
        placedHolds: holdsIn(this.#placedHere),
        endedHolds: holdsIn(this.#endedHere).filter((hold) => !this.#placedHere.has(hold.id)),
      },
    ]
  }
}

/** What a key that is bound answers: the same again, or a refusal when another operation is asked for under it. */
export function replay(key: Key, before: BoundKey): Outcome {
  if (before.fingerprint === key.fingerprint) return { ok: true, receipt: before.receipt }
  return { ok: false, refusal: keyReused({ key: key.id }) }
}

/** When the first hold that lives on lapses. The live holds are loaded only where one may have lapsed. */
function nextLapse({ wallet, liveHolds, now }: LoadedWallet): Date | undefined {
  if (wallet.nextLapseAt === undefined || wallet.nextLapseAt > now) return wallet.nextLapseAt
  return liveHolds.find((hold) => hold.expiresAt > now)?.expiresAt
}
