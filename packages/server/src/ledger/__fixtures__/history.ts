import { type Credits, decimalFromCredits } from '../../kernel/credits.ts'
import { type Uuid, walletId } from '../../kernel/ids.ts'
import type { Spending } from '../decide/decision.ts'
import { WalletDraft } from '../draft.ts'
import type { Account, Entry } from '../entry.ts'
import type { LimitCount } from '../limits.ts'
import type { Lot } from '../lot.ts'
import { lotAfter } from '../lot.ts'
import type { BoundKey, LoadedWallet } from '../load.ts'
import type { GrantOperation, HoldOperation, Operation, Receipt } from '../operations.ts'
import { emptyWallet } from '../rows.ts'
import { balanceOf, type Debt, type Hold, uncollectedOf, type Wallet } from '../wallet.ts'
import { chargeOf, credits, grantOf, holdOf, newKey } from './operations.ts'

const owner = { mode: 'test', customer: 'alice', unit: 'credits' } as const
const id = walletId(owner)

/** What an operation answered, with amounts as decimals. */
export interface Answer {
  readonly credits?: string
  readonly lots: readonly string[]
  readonly holdId: string
  readonly transaction: bigint
  readonly state?: string | undefined
  readonly refusal?: string
  readonly facts?: unknown
  readonly receipt?: Receipt
}

type Without<O extends Operation> = Omit<O, 'kind' | 'walletId' | 'key'>

/** One wallet's life, played on the pure functions alone: settle, decide, and the entries that they post. Everything is known of it, always. */
export class History {
  wallet: Wallet = emptyWallet(id)
  readonly entries: Entry[] = []
  readonly holds = new Map<string, Hold>()
  readonly lots = new Map<string, Lot>()
  debts: readonly Debt[] = []
  now = new Date(0)
  readonly #spendings = new Map<bigint, Spending>()
  readonly #bound: BoundKey[] = []
  #counts: LimitCount[] = []
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

  grant(decimal: string, options: Partial<GrantOperation> = {}): Answer {
    return this.apply(grantOf(owner, decimal, options))
  }

  charge(decimal: string, options: Parameters<typeof chargeOf>[2] = {}): Answer {
    return this.apply(chargeOf(owner, decimal, options))
  }

  hold(decimal: string, timeToLiveMs = 60_000, options: Partial<HoldOperation> = {}): Answer {
    return this.apply(holdOf(owner, decimal, timeToLiveMs, options))
  }

  capture(
    { holdId }: { holdId: string },
    decimal?: string,
    options: Partial<Without<Extract<Operation, { kind: 'capture' }>>> = {},
  ): Answer {
    const amount = decimal === undefined ? undefined : credits(decimal)
    return this.apply({ kind: 'capture', walletId: id, key: newKey(), holdId, credits: amount, ...options })
  }

  release({ holdId }: { holdId: string }): Answer {
    return this.apply({ kind: 'release', walletId: id, key: newKey(), holdId })
  }

  /** Any operation on the wallet, by what is its own. */
  do<Kind extends Operation['kind']>(kind: Kind, fields: Without<Extract<Operation, { kind: Kind }>>): Answer {
    return this.apply({ kind, walletId: id, key: newKey(), owner, ...fields } as unknown as Operation)
  }

  balance(): Record<string, string> {
    const { wallet } = this.#draft()
    return Object.fromEntries(
      Object.entries(balanceOf(wallet, this.now)).map(([name, amount]: [string, Credits]) => [
        name,
        decimalFromCredits(amount),
      ]),
    )
  }

  /** What the entries alone say is in each account: of a lot, or of all. */
  sums(lotId?: Uuid): Partial<Record<Account, string>> {
    const sums = new Map<Account, bigint>()
    for (const { from, to, amount, lotId: its } of this.entries) {
      if (from === undefined || to === undefined || (lotId !== undefined && its !== lotId)) continue
      sums.set(from, (sums.get(from) ?? 0n) - amount)
      sums.set(to, (sums.get(to) ?? 0n) + amount)
    }
    return Object.fromEntries([...sums].map(([account, amount]) => [account, decimalFromCredits(amount)]))
  }

  uncollected({ holdId }: { holdId: string }): string {
    const hold = this.holds.get(holdId)
    return hold === undefined ? '' : decimalFromCredits(uncollectedOf(hold))
  }

  apply(operation: Operation): Answer {
    const draft = this.#draft()
    const outcome = draft.apply(operation)
    this.#keep(draft)
    if (!outcome.ok) {
      const { code, facts } = outcome.refusal
      return { refusal: code, facts, lots: [], holdId: '', transaction: 0n }
    }
    const { receipt } = outcome
    const { id: key, fingerprint } = operation.key
    if (!this.#bound.some((bound) => bound.id === key)) this.#bound.push({ id: key, fingerprint, receipt })
    return {
      credits: decimalFromCredits(receipt.credits),
      lots: receipt.shares.map((share) => share.lotId),
      holdId: receipt.hold?.id ?? '',
      transaction: receipt.transaction,
      state: receipt.hold?.state,
      receipt,
    }
  }

  #draft(): WalletDraft {
    const loaded: LoadedWallet = {
      wallet: this.wallet,
      lotsInRow: this.wallet.lots,
      seenWaiting: [],
      now: this.now,
      liveHolds: [...this.holds.values()].filter((hold) => hold.state === 'placed'),
      namedHolds: [...this.holds.values()],
      namedLots: [...this.lots.values()],
      debts: this.debts,
      spendings: [...this.#spendings.values()],
      counts: this.#counts,
      bound: this.#bound,
    }
    return new WalletDraft(loaded, this.#newId, false)
  }

  /** Takes over what would be written. */
  #keep(draft: WalletDraft): void {
    const changes = draft.changes()
    if (changes === undefined) return
    this.wallet = changes.wallet
    this.entries.push(...changes.entries)
    this.debts = draft.debts
    this.#counts = [...draft.counts()]
    for (const hold of [...changes.placedHolds, ...changes.changedHolds]) this.holds.set(hold.id, hold)
    for (const { lot } of changes.newLots) this.lots.set(lot.id, lot)
    for (const lot of this.lots.values()) this.lots.set(lot.id, lotAfter(lot, changes))
    for (const spending of spendingsIn(changes.entries)) this.#spendings.set(spending.transaction, spending)
    for (const spending of changes.spendings) this.#spendings.set(spending.transaction, spending)
  }
}

/** What the transactions among the entries spent. */
function spendingsIn(entries: readonly Entry[]): Spending[] {
  const none = credits('0')
  return [...Map.groupBy(entries, (entry) => entry.number - BigInt(entry.position))].flatMap(([transaction, its]) => {
    const spent = its.filter((entry) => entry.to === 'spent')
    const isSpending = ['charge', 'capture', 'lapse'].includes(its[0]?.operation ?? '')
    if (!isSpending) return []
    const paid = spent.flatMap(({ lotId, amount }) => (lotId === undefined ? [] : [{ lotId, amount }]))
    const owed = spent.find((entry) => entry.lotId === undefined)?.amount ?? none
    return [{ transaction, action: its[0]?.action, paid, owed, refunded: none, returned: [] }]
  })
}
