import type { Uuid } from '../kernel/ids.ts'

/** What waits, wallet by wallet, each in its own order. Wallets take turns, so that one with thousands waiting delays nobody else. */
export class FairQueue<Item extends { readonly operation: { readonly walletId: Uuid } }> {
  /** Of the wallets that are not taken, in the order in which their turns come. */
  readonly #ready = new Map<Uuid, Item[]>()
  /** What came in the meantime for wallets that are taken. */
  readonly #taken = new Map<Uuid, Item[]>()
  #size = 0
  #readySize = 0

  get size(): number {
    return this.#size
  }

  /** What could be taken now. */
  get readySize(): number {
    return this.#readySize
  }

  push(item: Item): void {
    const { walletId } = item.operation
    this.#size += 1
    const taken = this.#taken.get(walletId)
    if (taken !== undefined) {
      taken.push(item)
      return
    }
    this.#readySize += 1
    const ready = this.#ready.get(walletId)
    if (ready === undefined) this.#ready.set(walletId, [item])
    else ready.push(item)
  }

  /**
   * Up to `sizeMax` items: of every wallet in its turn an equal part, and more where others need less. Their wallets are taken until
   * `giveBack`: no two batches have items of one wallet.
   *
   * @param parts among how many batches the wallets are divided, of which this is one
   */
  take(sizeMax: number, parts = 1): Item[] {
    const batch: Item[] = []
    let walletsLeft = Math.ceil(this.#ready.size / parts)
    for (const [walletId, items] of this.#ready) {
      const room = sizeMax - batch.length
      if (room === 0 || walletsLeft === 0) break
      const share = Math.max(1, Math.ceil(room / walletsLeft))
      walletsLeft -= 1
      const rest = items.length > share ? items.splice(share) : []
      for (const item of items) batch.push(item)
      this.#ready.delete(walletId)
      this.#taken.set(walletId, rest)
      this.#readySize -= items.length + rest.length
    }
    this.#size -= batch.length
    return batch
  }

  /** The wallets of a batch may be taken again; those with something waiting stand last. */
  giveBack(batch: readonly Item[]): void {
    for (const { operation } of batch) {
      const waiting = this.#taken.get(operation.walletId)
      if (waiting === undefined) continue
      this.#taken.delete(operation.walletId)
      if (waiting.length === 0) continue
      this.#ready.set(operation.walletId, waiting)
      this.#readySize += waiting.length
    }
  }
}
