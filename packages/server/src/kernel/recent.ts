/** A map that keeps what was used lately and forgets the rest, so that it cannot grow without bound. */
export class Recent<Key, Value> {
  readonly #sizeMax: number
  // A Map keeps the order of insertion: the first is the one not used for longest.
  readonly #valuesByKey = new Map<Key, Value>()

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get(key: Key): Value | undefined {
    const value = this.#valuesByKey.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#valuesByKey.delete(key)
    this.#valuesByKey.set(key, value)
    if (this.#valuesByKey.size <= this.#sizeMax) return
    const [oldest] = this.#valuesByKey.keys()
    if (oldest !== undefined) this.#valuesByKey.delete(oldest)
  }

  delete(key: Key): void {
    this.#valuesByKey.delete(key)
  }
}
