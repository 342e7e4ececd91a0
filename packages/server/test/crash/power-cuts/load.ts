import { type Uuid, type WalletOwner, walletId } from '../../../src/kernel/ids.ts'
import {
  chargeOf,
  credits,
  grantOf,
  holdOf,
  newKey,
  newOwner,
} from '../../../src/ledger/__fixtures__/operations.ts'
import type { Operation, Receipt } from '../../../src/ledger/operations.ts'
import type { Acknowledged, Kind } from '../check-books.ts'
import type { Random } from '../random.ts'

/** The same for all, so that batches write several wallets. */
const ownersMax = 12
const dayMs = 86_400_000

interface Open<Id> {
  readonly walletId: Uuid
  readonly id: Id
}

/** Customers who get, spend, hold, capture, release and are refunded, by chance. */
export class LedgerLoad {
  readonly #random: Random
  readonly #owners = Array.from({ length: ownersMax }, newOwner)
  readonly #customers = new Map(this.#owners.map((owner) => [walletId(owner), owner.customer]))
  #granted = 0
  #holds: Open<Uuid>[] = []
  #charges: Open<bigint>[] = []

  constructor(random: Random) {
    this.#random = random
  }

  next(): Operation {
    const first = this.#owners[this.#granted]
    if (first !== undefined) {
      this.#granted += 1
      return grantOf(first, '100')
    }
    const owner = this.#random.oneOf(this.#owners)
    switch (this.#random.below(8)) {
      case 0:
        return grantOf(owner, String(10 + this.#random.below(20)))
      case 1:
      case 2:
        return holdOf(owner, this.#amount(), dayMs)
      case 3:
        return this.#end('capture') ?? this.#charge(owner)
      case 4:
        return this.#end('release') ?? this.#charge(owner)
      case 5:
        return this.#refund() ?? this.#charge(owner)
      default:
        return this.#charge(owner)
    }
  }

  /** Takes note of a success: what it made can be ended or refunded later. */
  learn({ walletId: wallet, key, kind }: Operation, receipt: Receipt): Acknowledged {
    const { hold, transaction } = receipt
    if (kind === 'hold' && hold !== undefined) this.#holds.push({ walletId: wallet, id: hold.id })
    if (kind === 'charge') this.#charges.push({ walletId: wallet, id: transaction })
    const moved = Number(receipt.credits)
    const common = {
      key: key.id,
      kind: kind as Kind,
      customer: this.#customers.get(wallet) ?? '',
      moved,
    }
    switch (common.kind) {
      case 'grant':
      case 'refund':
        return { ...common, available: moved, held: 0 }
      case 'charge':
        return { ...common, available: -moved, held: 0 }
      case 'hold':
        return { ...common, available: -moved, held: moved }
      case 'release':
        return { ...common, available: moved, held: -moved }
      case 'capture': {
        const held = Number(hold?.amount ?? 0n)
        return { ...common, available: held - moved, held: -held }
      }
    }
  }

  /** After a power cut: what was made may be lost, and everybody is granted something again. */
  forget(): void {
    this.#granted = 0
    this.#holds = []
    this.#charges = []
  }

  #charge(owner: WalletOwner): Operation {
    return chargeOf(owner, this.#amount())
  }

  #end(kind: 'capture' | 'release'): Operation | undefined {
    const hold = this.#take(this.#holds)
    if (hold === undefined) return undefined
    const named = { walletId: hold.walletId, key: newKey(), holdId: hold.id }
    if (kind === 'release') return { kind, ...named }
    return { kind, ...named, credits: this.#random.chance(2) ? credits('0.3') : undefined }
  }

  #refund(): Operation | undefined {
    const charge = this.#take(this.#charges)
    if (charge === undefined) return undefined
    const amount = this.#random.chance(2) ? credits('0.2') : undefined
    return {
      kind: 'refund',
      walletId: charge.walletId,
      key: newKey(),
      transaction: charge.id,
      credits: amount,
      reason: undefined,
    }
  }

  #take<Id>(open: Open<Id>[]): Open<Id> | undefined {
    return open.length === 0 ? undefined : open.splice(this.#random.below(open.length), 1)[0]
  }

  #amount(): string {
    return `${this.#random.below(3)}.${1 + this.#random.below(9)}`
  }
}
