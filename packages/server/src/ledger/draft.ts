import type { NewId, Uuid } from '../kernel/ids.ts'
import { decide } from './decide/decide.ts'
import type { Decision, NewLot, Spending, State } from './decide/decision.ts'
import type { Entry } from './entry.ts'
import { keyReused } from './errors.ts'
import type { LimitChange, LimitCount } from './limits.ts'
import type { BoundKey, LoadedWallet } from './load.ts'
import { type Lot, lotAfter, traitsOf } from './lot.ts'
import type { Key, Operation, Outcome } from './operations.ts'
import type { LotUpdate } from './posting.ts'
import { settle } from './settle.ts'
import type { Debt, Hold, Wallet } from './wallet.ts'
import { storeLots } from './window.ts'
import type { WalletChanges } from './write.ts'

/** One wallet in the course of a batch: each operation is decided on what the ones before it left. */
export class WalletDraft implements State {
  readonly #loaded: LoadedWallet
  readonly #newId: NewId
  readonly #boundByKey: Map<Uuid, BoundKey>
  readonly #holdsById: Map<Uuid, Hold>
  readonly #lotsById: Map<Uuid, Lot>
  readonly #spendings: Map<bigint, Spending>
  readonly #changedSpendings = new Set<bigint>()
  readonly #placedHere = new Set<Uuid>()
  /** Holds of earlier batches that changed in this one. */
  readonly #changedHere = new Set<Uuid>()
  readonly #newLots: NewLot[] = []
  readonly #lotUpdates: LotUpdate[] = []
  readonly #limitChanges: LimitChange[] = []
  /** Of settling first: it is written only with an operation, for a refused one writes nothing. */
  readonly #entries: Entry[] = []
  #isWritten = false
  #counts: readonly LimitCount[]
  wallet: Wallet
  debts: readonly Debt[]

  constructor(loaded: LoadedWallet, newId: NewId) {
    this.#loaded = loaded
    this.#newId = newId
    this.#boundByKey = new Map(loaded.bound.map((bound) => [bound.id, bound]))
    this.#counts = loaded.counts
    const settled = settle(loaded.wallet, loaded.debts, loaded.liveHolds, loaded.now)
    this.#holdsById = new Map([...loaded.namedHolds, ...settled.lapsed].map((hold) => [hold.id, hold]))
    this.#lotsById = new Map(loaded.namedLots.map((lot) => [lot.id, lot]))
    this.#spendings = new Map(loaded.spendings.map((spending) => [spending.transaction, spending]))
    for (const hold of settled.lapsed) this.#changedHere.add(hold.id)
    this.wallet = { ...settled.wallet, nextLapseAt: nextLapse(loaded) }
    this.debts = settled.debts
    this.#take(settled)
  }

  hold(id: Uuid): Hold | undefined {
    return this.#holdsById.get(id)
  }

  lot(id: Uuid): Lot | undefined {
    return this.#lotsById.get(id)
  }

  spending(transaction: bigint): Spending | undefined {
    return this.#spendings.get(transaction)
  }

  counts(): readonly LimitCount[] {
    return this.#counts
  }

  apply(operation: Operation): Outcome {
    const before = this.#boundByKey.get(operation.key.id)
    if (before !== undefined) return replay(operation.key, before)
    const decision = decide(this, operation, { now: this.#loaded.now, newId: this.#newId })
    if (!decision.ok) {
      this.#note(decision.hold)
      return decision
    }
    this.#accept(decision, operation.key)
    return decision
  }

  #accept({ changes, receipt }: Extract<Decision, { ok: true }>, { id, fingerprint }: Key): void {
    this.wallet = changes.wallet
    this.debts = changes.debts
    this.#isWritten = true
    const { newLot, hold, spending } = changes
    if (newLot !== undefined) {
      this.#newLots.push(newLot)
      this.#lotsById.set(newLot.lot.id, newLot.lot)
    }
    if (hold !== undefined && receipt.kind === 'hold') this.#placedHere.add(hold.id)
    if (hold !== undefined) this.#keepHold(hold)
    if (spending !== undefined) {
      this.#spendings.set(spending.transaction, spending)
      this.#changedSpendings.add(spending.transaction)
    }
    this.#take(changes)
    this.#boundByKey.set(id, { id, fingerprint, receipt })
  }

  /** What a refused capture reports is written, and what time did before it: the fact is not lost. */
  #note(hold: Hold | undefined): void {
    if (hold === undefined || hold === this.#holdsById.get(hold.id)) return
    this.#keepHold(hold)
    this.#isWritten = true
  }

  #keepHold(hold: Hold): void {
    this.#holdsById.set(hold.id, hold)
    if (!this.#placedHere.has(hold.id)) this.#changedHere.add(hold.id)
  }

  #take(changes: {
    entries: readonly Entry[]
    lotUpdates: readonly LotUpdate[]
    limitChanges: readonly LimitChange[]
  }): void {
    this.#entries.push(...changes.entries)
    this.#lotUpdates.push(...changes.lotUpdates)
    this.#limitChanges.push(...changes.limitChanges)
    if (changes.limitChanges.length > 0) this.#counts = counted(this.#counts, changes.limitChanges)
    if (this.#lotsById.size === 0) return
    for (const lot of this.#lotsById.values()) this.#lotsById.set(lot.id, lotAfter(lot, changes.entries))
    for (const { lotId, expiresAt, isFrozen } of changes.lotUpdates) {
      const lot = this.#lotsById.get(lotId)
      if (lot === undefined) continue
      const traits = isFrozen === undefined ? lot.traits : traitsOf({ ...lot.traits, isFrozen })
      this.#lotsById.set(lotId, { ...lot, expiresAt: expiresAt ?? lot.expiresAt, traits })
    }
  }

  /** What is to be written: nothing when every operation was refused or a replay. */
  changes(): WalletChanges | undefined {
    if (!this.#isWritten) return undefined
    const holdsIn = (ids: ReadonlySet<Uuid>): Hold[] =>
      [...ids].flatMap((id) => this.#holdsById.get(id) ?? [])
    const { now, lotsInRow, seenWaiting, wallet, debts } = this.#loaded
    return {
      wallet: this.wallet,
      now,
      before: wallet,
      lots: storeLots(this.wallet, lotsInRow, new Map(seenWaiting.map((lot) => [lot.id, lot])), now),
      lotsBefore: lotsInRow,
      newLots: this.#newLots,
      lotUpdates: this.#lotUpdates,
      entries: this.#entries,
      placedHolds: holdsIn(this.#placedHere),
      changedHolds: holdsIn(this.#changedHere),
      debts: this.debts.filter((debt) => !debts.includes(debt)),
      spendings: [...this.#changedSpendings].flatMap((transaction) => this.#spendings.get(transaction) ?? []),
      limitChanges: this.#limitChanges,
    }
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

function counted(counts: readonly LimitCount[], changes: readonly LimitChange[]): LimitCount[] {
  const next = [...counts]
  for (const { name, startsAt, by } of changes) {
    const place = next.findIndex(
      (count) => count.name === name && count.startsAt.getTime() === startsAt.getTime(),
    )
    const before = next[place]
    if (before === undefined) next.push({ name, startsAt, used: by as LimitCount['used'] })
    else next[place] = { ...before, used: (before.used + by) as LimitCount['used'] }
  }
  return next
}
