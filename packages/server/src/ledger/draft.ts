import type { NewId, Uuid } from '../kernel/ids.ts'
import { decide } from './decide/decide.ts'
import type { Decision, NewLot, Spending, State } from './decide/decision.ts'
import type { Entry } from './entry.ts'
import { keyReused } from './errors.ts'
import type { LimitChange, LimitCount } from './limits.ts'
import type { BoundKey, LoadedWallet } from './load.ts'
import { type Lot, type LotUpdate, lotAfter } from './lot.ts'
import type { Key, Operation, Outcome } from './operations.ts'
import { settle } from './settle.ts'
import type { Debt, Hold, Wallet } from './wallet.ts'
import { storeLots } from './window.ts'
import type { WalletChanges } from './write.ts'

/** One wallet in the course of a batch: each operation is decided on what the ones before it left. */
export class WalletDraft implements State {
  readonly #loaded: LoadedWallet
  readonly #newId: NewId
  /** Undefined when no key of the batch is bound and none comes twice: so it is for nearly every wallet of nearly every batch. */
  readonly #boundByKey: Map<Uuid, BoundKey> | undefined
  /** Those of earlier batches that an operation names, or that lapsed. The id of one that is placed here is known to nobody yet. */
  readonly #holdsById: Known<Uuid, Hold>
  readonly #lotsById: Known<Uuid, Lot>
  readonly #spendings: Known<bigint, Spending>
  readonly #changedSpendings: bigint[] = []
  readonly #placedHolds: Hold[] = []
  /** Holds of earlier batches that changed in this one. */
  readonly #changedHolds: Uuid[] = []
  readonly #newLots: NewLot[] = []
  readonly #lotUpdates: LotUpdate[] = []
  readonly #limitChanges: LimitChange[] = []
  /** Of settling first: it is written only with an operation, for a refused one writes nothing. */
  readonly #entries: Entry[] = []
  #isWritten = false
  #counts: readonly LimitCount[]
  wallet: Wallet
  debts: readonly Debt[]

  /** @param remembersKeys whether a key of the batch comes twice in it */
  constructor(loaded: LoadedWallet, newId: NewId, remembersKeys: boolean) {
    this.#loaded = loaded
    this.#newId = newId
    this.#boundByKey =
      remembersKeys || loaded.bound.length > 0
        ? new Map(loaded.bound.map((bound) => [bound.id, bound]))
        : undefined
    this.#counts = loaded.counts
    const settled = settle(loaded.wallet, loaded.debts, loaded.liveHolds, loaded.now)
    this.#holdsById = new Known(loaded.namedHolds, (hold) => hold.id)
    this.#lotsById = new Known(loaded.namedLots, (lot) => lot.id)
    this.#spendings = new Known(loaded.spendings, (spending) => spending.transaction)
    this.wallet = settled.wallet
    if (settled.wallet.nextLapseAt !== undefined)
      this.wallet = { ...settled.wallet, nextLapseAt: nextLapse(loaded) }
    this.debts = settled.debts
    for (const hold of settled.lapsed) this.#keepHold(hold)
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
    const before = this.#boundByKey?.get(operation.key.id)
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
    if (hold !== undefined) {
      if (receipt.kind === 'hold') this.#placedHolds.push(hold)
      else this.#keepHold(hold)
    }
    if (spending !== undefined) {
      this.#spendings.set(spending.transaction, spending)
      this.#changedSpendings.push(spending.transaction)
    }
    this.#take(changes)
    this.#boundByKey?.set(id, { id, fingerprint, receipt })
  }

  /** What a refused capture reports is written, and what time did before it: the fact is not lost. */
  #note(hold: Hold | undefined): void {
    if (hold === undefined || hold === this.#holdsById.get(hold.id)) return
    this.#keepHold(hold)
    this.#isWritten = true
  }

  #keepHold(hold: Hold): void {
    this.#holdsById.set(hold.id, hold)
    if (!this.#changedHolds.includes(hold.id)) this.#changedHolds.push(hold.id)
  }

  #take(changes: {
    entries: readonly Entry[]
    lotUpdates: readonly LotUpdate[]
    limitChanges: readonly LimitChange[]
  }): void {
    for (const entry of changes.entries) this.#entries.push(entry)
    for (const update of changes.lotUpdates) this.#lotUpdates.push(update)
    for (const change of changes.limitChanges) this.#limitChanges.push(change)
    if (changes.limitChanges.length > 0) this.#counts = counted(this.#counts, changes.limitChanges)
    for (const lot of this.#lotsById.values()) this.#lotsById.set(lot.id, lotAfter(lot, changes))
  }

  /** What is to be written: nothing when every operation was refused or a replay. */
  changes(): WalletChanges | undefined {
    if (!this.#isWritten) return undefined
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
      placedHolds: this.#placedHolds,
      changedHolds: this.#changedHolds.flatMap((id) => this.#holdsById.get(id) ?? []),
      debts: this.debts === debts ? [] : this.debts.filter((debt) => !debts.includes(debt)),
      spendings: [...new Set(this.#changedSpendings)].flatMap(
        (transaction) => this.#spendings.get(transaction) ?? [],
      ),
      limitChanges: this.#limitChanges,
    }
  }
}

/** A map that is made when it has something: three for each wallet of a batch, of which most have nothing, were a twentieth of all memory used. */
class Known<Key, Value> {
  #values: Map<Key, Value> | undefined

  constructor(values: readonly Value[], keyOf: (value: Value) => Key) {
    for (const value of values) this.set(keyOf(value), value)
  }

  get(key: Key): Value | undefined {
    return this.#values?.get(key)
  }

  set(key: Key, value: Value): void {
    this.#values ??= new Map()
    this.#values.set(key, value)
  }

  values(): Iterable<Value> {
    return this.#values?.values() ?? []
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
