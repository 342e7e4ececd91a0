/**
 * A map that keeps what was used lately and forgets the rest, so that it cannot grow without bound: at least the last half of `sizeMax` that were used, at
 * most `sizeMax`. Two generations instead of an order: nothing is moved when what was used just now is used again.
 */
export class Recent<Key, Value> {
  readonly #halfMax: number
  #young = new Map<Key, Value>()
  #old = new Map<Key, Value>()

  /** @param sizeMax even */
  constructor(sizeMax: number) {
    this.#halfMax = sizeMax / 2
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key)
    this.#young.set(key, value)
    if (this.#young.size < this.#halfMax) return
    this.#old = this.#young
    this.#young = new Map()
  }

  delete(key: Key): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
