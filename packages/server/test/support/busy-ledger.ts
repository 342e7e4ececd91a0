import { micros } from '../../src/kernel/credits.ts'
import { type Uuid, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import { Refusal } from '../../src/kernel/refusal.ts'
import {
  chargeOf,
  credits,
  grantOf,
  holdOf,
  newId,
  newKey,
  newOwner,
} from '../../src/ledger/__fixtures__/operations.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Operation, Receipt } from '../../src/ledger/operations.ts'

export interface BusyLedgerOptions {
  readonly wallets: number
  /** Twice so many operations are asked of each wallet; some are refused. */
  readonly steps: number
  readonly seed: number
  /** Puts the ledger's clock forward. */
  readonly advance: (ms: number) => Date
}

const minuteMs = 60_000

/**
 * Fills a ledger with wallets in whose histories everything occurs that a wallet knows: the same for the same seed. In the end every other one has more
 * lots than its row holds, and the rest owe.
 */
export async function keepBusy(ledger: Ledger, options: BusyLedgerOptions): Promise<WalletOwner[]> {
  const random = randomFrom(options.seed)
  const actors = Array.from({ length: options.wallets }, () => new Actor(ledger, random, options.advance))
  for (let step = 0; step < options.steps; step += 1) {
    options.advance(random(4) * minuteMs)
    // Two at once: what one sets off is told apart from the next one in the same batch.
    await Promise.all(actors.flatMap((actor) => [actor.act(), actor.act()]))
  }
  await Promise.all(actors.map((actor, index) => (index % 2 === 0 ? actor.endRich() : actor.endOwing())))
  return actors.map((actor) => actor.owner)
}

/** Whole numbers below a maximum. */
type Random = (below: number) => number

/** Mulberry32: 32 bits of state are plenty for a few thousand steps. */
function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** One customer, and what is known of the wallet. */
class Actor {
  readonly owner = newOwner()
  readonly #id = walletId(this.owner)
  readonly #ledger: Ledger
  readonly #random: Random
  readonly #advance: (ms: number) => Date
  // Each begins with one that the wallet does not have.
  readonly #holds: Uuid[] = [newId()]
  readonly #lots: Uuid[] = [newId()]
  readonly #spendings: bigint[] = [1_000_000n]

  constructor(ledger: Ledger, random: Random, advance: (ms: number) => Date) {
    this.#ledger = ledger
    this.#random = random
    this.#advance = advance
  }

  async grant(): Promise<void> {
    const soon = () => new Date(this.#advance(0).getTime() + (1 + this.#random(90)) * minuteMs)
    const effectiveAt = this.#chance(4) ? soon() : undefined
    const start = effectiveAt ?? this.#advance(0)
    await this.#ask(
      grantOf(this.owner, this.#amount(40), {
        source: this.#chance(2) ? 'purchase' : 'promotion',
        priority: this.#random(3),
        effectiveAt,
        expiry: this.#chance(2)
          ? { at: new Date(start.getTime() + (1 + this.#random(200)) * minuteMs) }
          : undefined,
        scope: this.#chance(5) ? ['image', 'chat'] : undefined,
        lateReturnDays: this.#chance(3) ? 1 : undefined,
      }),
    )
  }

  async act(): Promise<unknown> {
    const { owner } = this
    const wallet = this.#new()
    const holdId = this.#oneOf(this.#holds.slice(-4))
    const lotId = this.#oneOf(this.#lots)
    switch (this.#random(16)) {
      case 0:
      case 1:
        return this.grant()
      case 2:
      case 3:
      case 4:
        return this.#ask(chargeOf(owner, this.#amount(30)))
      case 5:
      case 6:
        return this.#ask(
          holdOf(owner, this.#amount(30), (1 + this.#random(90)) * minuteMs, {
            onLapse: this.#oneOf(['release', 'charge_checkpoint', 'charge_all']),
          }),
        )
      case 7:
      case 8:
        return this.#ask({
          ...wallet,
          kind: 'capture',
          holdId,
          credits: this.#chance(4) ? undefined : credits(this.#amount(25)),
          isFinal: this.#chance(2),
          above: this.#oneOf(['refuse', 'up_to_spendable', 'owe']),
        })
      case 9:
        return this.#ask({ ...wallet, kind: 'release', holdId })
      case 10:
        return this.#ask({ ...wallet, kind: 'checkpoint', holdId, credits: credits(this.#amount(10)) })
      case 11:
        return this.#ask({ ...wallet, kind: 'extend', holdId, timeToLiveMs: this.#random(60) * minuteMs })
      case 12:
      case 13: {
        const transaction = this.#oneOf(this.#spendings)
        const amount = this.#chance(2) ? undefined : credits(this.#amount(5))
        return this.#ask({ ...wallet, kind: 'refund', transaction, credits: amount, reason: undefined })
      }
      case 14: {
        const spent = this.#oneOf(['owe', 'forgive'] as const)
        const amount = this.#chance(4) ? undefined : credits(this.#amount(10))
        return this.#ask({ ...wallet, kind: 'revoke', lotId, credits: amount, spent, reason: undefined })
      }
      default: {
        if (this.#chance(3)) {
          const amount = micros(credits(this.#amount(5)) * (this.#chance(2) ? 1n : -1n))
          return this.#ask({
            ...wallet,
            kind: 'adjust',
            owner,
            credits: amount,
            reason: 'Mended',
            actor: 'op',
          })
        }
        const kind = this.#oneOf(['freeze', 'unfreeze', 'unfreeze', 'expire'] as const)
        return this.#ask({ ...wallet, kind, lotId, reason: undefined })
      }
    }
  }

  /** With a hold that outlives a revocation of what it holds. */
  async endRich(): Promise<void> {
    await this.#ask(grantOf(this.owner, '10000', { source: 'purchase' }))
    for (let lot = 0; lot < 20; lot += 1)
      await this.#ask(grantOf(this.owner, this.#amount(40), { priority: this.#random(3) }))
    await this.#ask(holdOf(this.owner, '1', 600 * minuteMs))
    for (const isFinal of [true, false]) {
      const held = await this.#ask(holdOf(this.owner, this.#amount(30), 600 * minuteMs))
      const lotId = held?.shares[0]?.lotId ?? ''
      await this.#ask({
        ...this.#new(),
        kind: 'revoke',
        lotId,
        credits: undefined,
        spent: 'forgive',
        reason: undefined,
      })
      const holdId = held?.hold?.id ?? ''
      await this.#ask({ ...this.#new(), kind: 'capture', holdId, credits: credits('0.5'), isFinal })
    }
  }

  async endOwing(): Promise<void> {
    // Bought, so that it repays what is owed: an owing wallet refuses holds.
    await this.#ask(grantOf(this.owner, '1000', { source: 'purchase' }))
    const held = await this.#ask(holdOf(this.owner, '1', 600 * minuteMs))
    const holdId = held?.hold?.id ?? ''
    const asked = { holdId, credits: credits('5000'), isFinal: false, above: 'owe' } as const
    const captured = await this.#ask({ ...this.#new(), kind: 'capture', ...asked })
    const transaction = captured?.transaction ?? 0n
    await this.#ask({
      ...this.#new(),
      kind: 'refund',
      transaction,
      credits: credits('10'),
      reason: undefined,
    })
  }

  #new() {
    return { walletId: this.#id, key: newKey() }
  }

  async #ask(operation: Operation): Promise<Receipt | undefined> {
    try {
      const receipt = await this.#ledger.submit(operation)
      this.#remember(receipt)
      return receipt
    } catch (error) {
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  #remember({ kind, hold, shares, transaction }: Receipt): void {
    if (kind === 'hold' && hold !== undefined) this.#holds.push(hold.id)
    if (kind === 'charge' || kind === 'capture') this.#spendings.push(transaction)
    if (kind === 'grant' || kind === 'adjust') this.#lots.push(...shares.map((share) => share.lotId))
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[this.#random(all.length)] as T
  }

  #amount(below: number): string {
    return `${this.#random(below)}.${1 + this.#random(9)}`
  }

  #chance(of: number): boolean {
    return this.#random(of) === 0
  }
}
