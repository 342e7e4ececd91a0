import type { Random } from '../world/random.ts'
import type { StoreTransaction } from './transaction.ts'

interface Waiter {
  readonly transaction: StoreTransaction
  readonly go: () => void
}

/** Row locks: one holder each, until its transaction ends. Who of those that wait is next is chance. */
export class Locks {
  readonly #random: Random
  readonly #holders = new Map<string, StoreTransaction>()
  readonly #waiters = new Map<string, Waiter[]>()
  /** Which lock a transaction waits for: one at most. */
  readonly #awaited = new Map<StoreTransaction, string>()
  waitCount = 0
  deadlockCount = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Whether the lock is had at once; else `go` is called when it is, or it would be waited for in a circle. */
  take(transaction: StoreTransaction, lock: string, go: () => void): 'had' | 'waits' | 'deadlock' {
    const holder = this.#holders.get(lock)
    if (holder === transaction) return 'had'
    if (holder === undefined) {
      this.#give(lock, transaction)
      return 'had'
    }
    if (this.#isCircle(transaction, holder)) {
      this.deadlockCount += 1
      return 'deadlock'
    }
    this.waitCount += 1
    this.#awaited.set(transaction, lock)
    this.#waiters.set(lock, [...(this.#waiters.get(lock) ?? []), { transaction, go }])
    return 'waits'
  }

  /** Of a transaction that ends. */
  releaseAll(transaction: StoreTransaction): void {
    const awaited = this.#awaited.get(transaction)
    if (awaited !== undefined) {
      this.#awaited.delete(transaction)
      this.#setWaiters(
        awaited,
        (this.#waiters.get(awaited) ?? []).filter((waiter) => waiter.transaction !== transaction),
      )
    }
    for (const lock of transaction.locks) {
      this.#holders.delete(lock)
      const waiters = this.#waiters.get(lock)
      if (waiters === undefined) continue
      const next = this.#random.pick(waiters)
      this.#setWaiters(
        lock,
        waiters.filter((waiter) => waiter !== next),
      )
      this.#awaited.delete(next.transaction)
      this.#give(lock, next.transaction)
      next.go()
    }
    transaction.locks.clear()
  }

  /** How many locks are held. */
  get size(): number {
    return this.#holders.size
  }

  #give(lock: string, transaction: StoreTransaction): void {
    this.#holders.set(lock, transaction)
    transaction.locks.add(lock)
  }

  #setWaiters(lock: string, waiters: Waiter[]): void {
    if (waiters.length === 0) this.#waiters.delete(lock)
    else this.#waiters.set(lock, waiters)
  }

  #isCircle(transaction: StoreTransaction, holder: StoreTransaction): boolean {
    for (let one: StoreTransaction | undefined = holder; one !== undefined; ) {
      if (one === transaction) return true
      const lock = this.#awaited.get(one)
      one = lock === undefined ? undefined : this.#holders.get(lock)
    }
    return false
  }
}
