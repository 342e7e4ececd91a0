import { type Credits, decimalFromCredits } from '../../kernel/credits.ts'
import { walletId } from '../../kernel/ids.ts'
import { decide } from '../decide.ts'
import type { Account, Entry } from '../entry.ts'
import type { GrantOperation, Operation } from '../operations.ts'
import { emptyWallet } from '../rows.ts'
import { settle } from '../settle.ts'
import { balanceOf, type Hold, type Wallet } from '../wallet.ts'
import { chargeOf, credits, grantOf, holdOf, newKey } from './operations.ts'

const owner = { mode: 'test', customer: 'alice', unit: 'credits' } as const
const id = walletId(owner)

/** What an operation answered, with amounts as decimals. */
export interface Answer {
  readonly credits?: string
  readonly lots: readonly string[]
  readonly holdId: string
  readonly state?: string | undefined
  readonly refusal?: string
  readonly facts?: unknown
}

/** One wallet's life, played on the pure functions alone: settle, decide, and the entries that they post. */
export class History {
  wallet: Wallet = emptyWallet(id)
  readonly entries: Entry[] = []
  readonly holds = new Map<string, Hold>()
  now = new Date(0)
  #ids = 0

  readonly #newId = (): string => {
    this.#ids += 1
    return `00000000-0000-7000-8000-${this.#ids.toString().padStart(12, '0')}`
  }

  wait(ms: number): void {
    this.now = this.after(ms)
  }

  after(ms: number): Date {
    return new Date(this.now.getTime() + ms)
  }

  grant(decimal: string, options: Partial<Pick<GrantOperation, 'priority' | 'effectiveAt' | 'expiresAt'>> = {}): Answer {
    return this.apply(grantOf(owner, decimal, options))
  }

  charge(decimal: string): Answer {
    return this.apply(chargeOf(owner, decimal))
  }

  hold(decimal: string, timeToLiveMs = 60_000): Answer {
    return this.apply(holdOf(owner, decimal, timeToLiveMs))
  }

  capture({ holdId }: { holdId: string }, decimal?: string): Answer {
    const amount = decimal === undefined ? undefined : credits(decimal)
    return this.apply({ kind: 'capture', walletId: id, key: newKey(), holdId, credits: amount })
  }

  release({ holdId }: { holdId: string }): Answer {
    return this.apply({ kind: 'release', walletId: id, key: newKey(), holdId })
  }

  balance(): Record<string, string> {
    const { wallet } = settle(this.wallet, [...this.holds.values()], this.now, this.#newId)
    return Object.fromEntries(Object.entries(balanceOf(wallet, this.now)).map(([name, amount]: [string, Credits]) => [name, decimalFromCredits(amount)]))
  }

  /** What the entries alone say is in each account. */
  sums(): Partial<Record<Account, string>> {
    const sums = new Map<Account, bigint>()
    for (const { from, to, amount } of this.entries) {
      sums.set(from, (sums.get(from) ?? 0n) - amount)
      sums.set(to, (sums.get(to) ?? 0n) + amount)
    }
    return Object.fromEntries([...sums].map(([account, amount]) => [account, decimalFromCredits(amount)]))
  }

  apply(operation: Operation): Answer {
    const settled = settle(this.wallet, [...this.holds.values()], this.now, this.#newId)
    const named = 'holdId' in operation ? [...settled.lapsed, ...this.holds.values()].find((hold) => hold.id === operation.holdId) : undefined
    const decision = decide(settled.wallet, operation, named, this.now, this.#newId)
    if (!decision.ok) return { refusal: decision.refusal.code, facts: decision.refusal.facts, lots: [], holdId: '' }
    this.wallet = decision.wallet
    this.entries.push(...settled.entries, ...decision.entries)
    for (const hold of settled.lapsed) this.holds.set(hold.id, hold)
    const { receipt } = decision
    if (receipt.hold !== undefined) this.holds.set(receipt.hold.id, receipt.hold)
    return {
      credits: decimalFromCredits(receipt.credits),
      lots: receipt.shares.map((share) => share.lotId),
      holdId: receipt.hold?.id ?? '',
      state: receipt.hold?.state,
    }
  }
}
