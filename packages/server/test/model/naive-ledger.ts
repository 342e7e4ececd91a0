import { decide, rememberReported } from './naive-operations.ts'
import { instantsOf, settle } from './naive-settle.ts'
import type { Balance, HoldView, Operation, Outcome } from './naive-types.ts'
import { balanceOf, copyOf, type Entry, newWallet, Refusal, viewOf, type Wallet } from './naive-wallet.ts'

/** What docs/ledger.md says, in memory, as plain as it can be said. */
export class NaiveLedger {
  readonly #wallets = new Map<string, Wallet>()

  /** One operation after another, all at the same time of the database's clock. */
  apply(operations: readonly Operation[], clock: Date): Outcome[] {
    return operations.map((operation) => this.#applyOne(operation, clock))
  }

  #applyOne(operation: Operation, clock: Date): Outcome {
    const kept = this.wallet(operation.wallet)
    const known = kept.keys.get(operation.key)
    if (known !== undefined)
      return known.body === operation.body ? known.outcome : { ok: false, code: 'idempotency_key_reused' }

    const { wallet: attempt, now } = this.read(operation.wallet, clock)
    try {
      const receipt = decide(attempt, operation, now)
      const outcome = { ok: true, receipt } as const
      attempt.lastChange = now
      attempt.keys.set(operation.key, { body: operation.body, outcome })
      this.#wallets.set(operation.wallet, attempt)
      return outcome
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { wallet: settled } = this.read(operation.wallet, clock)
      const isMore = operation.kind === 'capture' && rememberReported(settled, operation, error.refused.code)
      if (isMore) this.#wallets.set(operation.wallet, { ...settled, lastChange: now })
      return error.refused
    }
  }

  balance(wallet: string, clock: Date): Balance {
    const settled = this.read(wallet, clock)
    return balanceOf(settled.wallet, settled.now)
  }

  holds(wallet: string, clock: Date): HoldView[] {
    return this.read(wallet, clock).wallet.holds.map(viewOf)
  }

  /** What was written: without what time did since. */
  entries(wallet: string): readonly Entry[] {
    return this.wallet(wallet).entries
  }

  /** When something will happen by time alone, soonest first. */
  instants(wallet: string): Date[] {
    return instantsOf(this.wallet(wallet))
  }

  /** As it was written: without what time did since. */
  wallet(id: string): Wallet {
    const known = this.#wallets.get(id)
    if (known !== undefined) return known
    const wallet = newWallet(id)
    this.#wallets.set(id, wallet)
    return wallet
  }

  /** As a reader sees it, who settles a copy and writes nothing. */
  read(id: string, clock: Date): { readonly wallet: Wallet; readonly now: Date } {
    const wallet = copyOf(this.wallet(id))
    const now = wallet.lastChange !== undefined && wallet.lastChange > clock ? wallet.lastChange : clock
    settle(wallet, now)
    return { wallet, now }
  }
}
