import { describe, expect, test } from 'vitest'
import { NaiveLedger } from './naive-ledger.ts'
import type {
  Balance,
  Capture,
  Charge,
  Grant,
  Operation,
  Outcome,
  PlaceHold,
  Receipt,
  Refund,
  Revoke,
} from './naive-types.ts'

/** Each operation without what the book adds: the wallet, a key of its own, the kind's own defaults. */
type Terms<T extends Operation> = Partial<Omit<T, 'wallet' | 'body' | 'kind'>>

const hour = 3_600_000
const day = 24 * hour

/** One wallet of the naive ledger, and a clock. */
class Book {
  readonly ledger = new NaiveLedger()
  now = new Date('2026-03-10T12:00:00Z')
  #keys = 0

  wait(ms: number): void {
    this.now = new Date(this.now.getTime() + ms)
  }

  after(ms: number): Date {
    return new Date(this.now.getTime() + ms)
  }

  grant(credits: number, terms: Terms<Grant> = {}): Outcome {
    return this.#apply({ kind: 'grant', source: 'purchase', priority: 0, ...terms, credits: BigInt(credits) })
  }

  adjust(credits: number): Outcome {
    return this.#apply({ kind: 'adjust', credits: BigInt(credits) })
  }

  charge(credits: number, terms: Terms<Charge> = {}): Outcome {
    return this.#apply({ kind: 'charge', ...terms, credits: BigInt(credits) })
  }

  hold(credits: number, terms: Terms<PlaceHold> = {}): Outcome {
    return this.#apply({ kind: 'hold', timeToLiveMs: hour, ...terms, credits: BigInt(credits) })
  }

  capture(hold: string, credits?: number, terms: Terms<Capture> = {}): Outcome {
    return this.#apply({ kind: 'capture', hold, ...amount(credits), ...terms })
  }

  release(hold: string): Outcome {
    return this.#apply({ kind: 'release', hold })
  }

  checkpoint(hold: string, credits: number): Outcome {
    return this.#apply({ kind: 'checkpoint', hold, credits: BigInt(credits) })
  }

  extend(hold: string, timeToLiveMs: number): Outcome {
    return this.#apply({ kind: 'extend', hold, timeToLiveMs })
  }

  refund(transaction: string, credits?: number, terms: Terms<Refund> = {}): Outcome {
    return this.#apply({ kind: 'refund', transaction, ...amount(credits), ...terms })
  }

  revoke(lot: string, credits?: number, terms: Terms<Revoke> = {}): Outcome {
    return this.#apply({ kind: 'revoke', lot, ...amount(credits), ...terms })
  }

  lot(kind: 'freeze' | 'unfreeze' | 'expire', lot: string): Outcome {
    return this.#apply({ kind, lot })
  }

  /** The fields of the balance that are not zero. */
  balance(): Partial<Record<keyof Balance, number>> {
    const all = Object.entries(this.ledger.balance('W', this.now))
    return Object.fromEntries(
      all.flatMap(([name, credits]) => (credits === 0n ? [] : [[name, Number(credits)]])),
    )
  }

  /** A lot's accounts that are not zero, as they were last written. */
  accounts(id: string): Record<string, number> {
    const { available, held, spent, expired, revoked, pending } = this.ledger
      .wallet('W')
      .lots.find((lot) => lot.id === id)!
    return Object.fromEntries(
      Object.entries({ available, held, spent, expired, revoked, pending }).flatMap(([name, credits]) =>
        credits === 0n ? [] : [[name, Number(credits)]],
      ),
    )
  }

  #apply(operation: Unkeyed): Outcome {
    this.#keys += 1
    const body = JSON.stringify(operation, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    const [outcome] = this.ledger.apply(
      [{ key: `key ${this.#keys}`, ...operation, wallet: 'W', body }],
      this.now,
    )
    return outcome!
  }
}

type Unkeyed = Operation extends infer T
  ? T extends Operation
    ? Omit<T, 'wallet' | 'key' | 'body'>
    : never
  : never

function amount(credits: number | undefined): { credits?: bigint } {
  return credits === undefined ? {} : { credits: BigInt(credits) }
}

function done(outcome: Outcome): Receipt {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code}`)
  return outcome.receipt
}

function code(outcome: Outcome): string {
  return outcome.ok ? 'ok' : outcome.code
}

/** `lot 1: 5, lot 2: 3`. */
function shares(outcome: Outcome): string {
  return done(outcome)
    .shares.map(({ lot, credits }) => `${lot.slice(2)}: ${credits}`)
    .join(', ')
}

function transaction(outcome: Outcome): string {
  return done(outcome).transaction
}

function hold(outcome: Outcome): string {
  return done(outcome).hold!.id
}

/** A wallet whose only lot was spent, and revoked after: it owes 10. */
function owing(): Book {
  const book = new Book()
  book.grant(10)
  book.charge(10)
  book.revoke('W lot 1')
  return book
}

describe('burn order', () => {
  test('is priority, then soonest expiry, then age', () => {
    const book = new Book()
    book.grant(1, { priority: 1, expiry: { at: book.after(hour) } })
    book.grant(1)
    book.grant(1, { expiry: { at: book.after(2 * hour) } })
    book.grant(1, { expiry: { at: book.after(hour) } })
    book.grant(1)
    book.grant(1, { priority: -1 })
    expect(shares(book.charge(6))).toBe('lot 6: 1, lot 4: 1, lot 3: 1, lot 2: 1, lot 5: 1, lot 1: 1')
  })

  test('passes over lots that are frozen, upcoming, expired or of another scope', () => {
    const book = new Book()
    book.grant(1, { expiry: { at: book.after(hour) } })
    book.grant(2, { effectiveAt: book.after(2 * hour) })
    book.grant(4, { scope: ['image'] })
    book.grant(8)
    book.grant(16)
    book.lot('freeze', 'W lot 4')
    expect(book.balance()).toEqual({ available: 31, spendable: 17, upcoming: 2, scoped: 4, frozen: 8 })
    book.wait(hour)
    expect(book.balance()).toEqual({ available: 30, spendable: 16, upcoming: 2, scoped: 4, frozen: 8 })
    expect(book.charge(17, { action: 'chat' })).toEqual({
      ok: false,
      code: 'insufficient_credits',
      facts: { required: 17n, spendable: 16n, missing: 1n },
    })
    expect(shares(book.charge(17, { action: 'image' }))).toBe('lot 3: 4, lot 5: 13')
    book.wait(hour)
    expect(book.balance()).toEqual({ available: 13, spendable: 5, frozen: 8 })
  })

  test('an owing wallet spends nothing, and shows what it has', () => {
    const book = owing()
    book.grant(5, { source: 'promotion' })
    expect(book.balance()).toEqual({ available: 5, debt: 10, spendable: 5 })
    expect(book.charge(1)).toMatchObject({ facts: { required: 1n, spendable: 0n, missing: 11n } })
    expect(code(book.hold(1))).toBe('insufficient_credits')
    expect(code(book.adjust(-1))).toBe('insufficient_credits')
  })
})

describe('expiry', () => {
  test('a month after the 31st is the last day of a shorter month', () => {
    const book = new Book()
    book.now = new Date('2026-01-31T10:30:00.250Z')
    book.grant(1, { expiry: { afterMonths: 1 } })
    book.grant(2, { expiry: { afterMonths: 25 } })
    book.grant(4, { expiry: { afterMonths: 3 } })
    const expiries = book.ledger.wallet('W').lots.map((lot) => lot.expiresAt?.toISOString())
    expect(expiries).toEqual([
      '2026-02-28T10:30:00.250Z',
      '2028-02-29T10:30:00.250Z',
      '2026-04-30T10:30:00.250Z',
    ])
    book.now = new Date('2026-02-28T10:30:00.249Z')
    expect(book.balance()).toEqual({ available: 7, spendable: 7 })
    book.wait(1)
    expect(book.balance()).toEqual({ available: 6, spendable: 6 })
  })

  test('days and months count from the start, and must end after start and now', () => {
    const book = new Book()
    book.grant(1, { effectiveAt: book.after(day), expiry: { afterDays: 1 } })
    expect(book.ledger.wallet('W').lots[0]?.expiresAt).toEqual(book.after(2 * day))
    expect(code(book.grant(1, { effectiveAt: book.after(-day), expiry: { afterDays: 1 } }))).toBe(
      'lot_out_of_time',
    )
    expect(code(book.grant(1, { effectiveAt: book.after(day), expiry: { at: book.after(day) } }))).toBe(
      'lot_out_of_time',
    )
    expect(code(book.grant(1, { effectiveAt: book.after(-day), expiry: { at: book.after(1) } }))).toBe('ok')
  })

  test('an expired lot stays expired when it is expired by hand', () => {
    const book = new Book()
    book.grant(4, { expiry: { at: book.after(2 * hour) } })
    expect(shares(book.lot('expire', 'W lot 1'))).toBe('lot 1: 4')
    const expiredAt = book.now
    book.wait(hour)
    expect(shares(book.lot('expire', 'W lot 1'))).toBe('')
    expect(book.ledger.wallet('W').lots[0]?.expiresAt).toEqual(expiredAt)
    expect(code(book.lot('expire', 'W lot 2'))).toBe('lot_not_found')
  })

  test('a refused operation writes no settlement, and a clock that goes back finds the lot alive', () => {
    const book = new Book()
    book.grant(4, { expiry: { at: book.after(hour) } })
    book.wait(hour)
    expect(code(book.charge(1))).toBe('insufficient_credits')
    expect(book.accounts('W lot 1')).toEqual({ available: 4 })
    book.wait(-1)
    expect(code(book.charge(1))).toBe('ok')
    book.wait(1)
    book.grant(1)
    expect(book.accounts('W lot 1')).toEqual({ spent: 1, expired: 3 })
    book.wait(-1)
    expect(book.balance()).toEqual({ available: 1, spendable: 1 })
  })
})

describe('a hold', () => {
  test('is captured in parts, and gives back the rest', () => {
    const book = new Book()
    book.grant(6, { priority: 1 })
    book.grant(6)
    const placed = book.hold(10)
    expect(shares(placed)).toBe('lot 2: 6, lot 1: 4')
    expect(shares(book.capture(hold(placed), 7, { isFinal: false }))).toBe('lot 2: 6, lot 1: 1')
    expect(book.balance()).toEqual({ available: 2, held: 3, spendable: 2 })
    const last = book.capture(hold(placed), 1)
    expect(shares(last)).toBe('lot 1: 1')
    expect(done(last).hold).toMatchObject({
      state: 'captured',
      amount: 10n,
      captured: 8n,
      uncollected: 0n,
      remaining: 0n,
    })
    expect(book.balance()).toEqual({ available: 4, spendable: 4 })
    expect(code(book.capture(hold(placed), 0, { above: 'owe' }))).toBe('hold_already_ended')
    expect(code(book.release(hold(placed)))).toBe('hold_already_ended')
  })

  test('captures all that it still holds unless said, also nothing', () => {
    const book = new Book()
    book.grant(5)
    const id = hold(book.hold(5))
    expect(done(book.capture(id, 0, { isFinal: false })).credits).toBe(0n)
    expect(done(book.capture(id, undefined, { isFinal: false })).credits).toBe(5n)
    expect(done(book.capture(id)).credits).toBe(0n)
  })

  test('remembers use above it that it refused, and what it could not collect', () => {
    const book = new Book()
    book.grant(12)
    const id = hold(book.hold(10))
    book.capture(id, 4, { isFinal: false })
    expect(code(book.capture(id, 8))).toBe('capture_exceeds_hold')
    expect(done(book.checkpoint(id, 0)).hold).toMatchObject({
      state: 'placed',
      captured: 4n,
      uncollected: 8n,
    })
    const capture = book.capture(id, 9, { above: 'up_to_spendable' })
    expect(shares(capture)).toBe('lot 1: 6, lot 1: 2')
    expect(done(capture).hold).toMatchObject({ captured: 12n, uncollected: 1n })
    expect(book.balance()).toEqual({})
  })

  test('captured above what it has under owe makes debt of what no lot covers', () => {
    const book = new Book()
    book.grant(5)
    const id = hold(book.hold(4))
    const capture = book.capture(id, 8, { above: 'owe' })
    expect(done(capture)).toMatchObject({ credits: 8n, owed: 3n })
    expect(book.balance()).toEqual({ debt: 3 })
  })

  test('of an owing wallet captures from itself, and pays nothing above', () => {
    const book = new Book()
    book.grant(10)
    book.grant(9, { source: 'promotion', priority: 1 })
    book.charge(10)
    const id = hold(book.hold(4))
    book.revoke('W lot 1')
    expect(book.balance()).toEqual({ available: 5, held: 4, debt: 10, spendable: 5 })
    expect(done(book.capture(id, 6, { above: 'up_to_spendable', isFinal: false }))).toMatchObject({
      credits: 4n,
      hold: { captured: 4n, uncollected: 2n },
    })
    expect(done(book.capture(id, 6, { above: 'owe' }))).toMatchObject({ credits: 6n, owed: 6n })
    expect(book.balance()).toEqual({ available: 5, debt: 16, spendable: 5 })
  })

  test('extends, and never shortens', () => {
    const book = new Book()
    book.grant(1)
    const id = hold(book.hold(1, { timeToLiveMs: 2 * hour }))
    const expiresAt = book.after(2 * hour)
    expect(done(book.extend(id, hour)).hold?.expiresAt).toEqual(expiresAt)
    book.wait(hour)
    expect(done(book.extend(id, hour + 1)).hold?.expiresAt).toEqual(book.after(hour + 1))
    book.wait(hour + 1)
    expect(code(book.extend(id, hour))).toBe('hold_already_ended')
    expect(code(book.extend('W hold 9', hour))).toBe('hold_not_found')
  })
})

describe('a lapse', () => {
  test('charges the checkpoint beyond what was captured, at most what is held', () => {
    const book = new Book()
    book.grant(30)
    const id = hold(book.hold(10, { onLapse: 'charge_checkpoint' }))
    const above = hold(book.hold(10, { onLapse: 'charge_checkpoint' }))
    book.capture(id, 3, { isFinal: false })
    book.checkpoint(id, 7)
    book.checkpoint(id, 5)
    book.checkpoint(above, 12)
    book.wait(hour)
    expect(book.ledger.holds('W', book.now)).toMatchObject([
      { state: 'lapsed', captured: 7n, remaining: 0n, uncollected: 0n },
      { state: 'lapsed', captured: 10n },
    ])
    expect(book.balance()).toEqual({ available: 13, spendable: 13 })
  })

  test('charges all, or nothing', () => {
    const book = new Book()
    book.grant(30)
    book.hold(10, { onLapse: 'charge_all' })
    book.hold(10)
    book.wait(hour)
    expect(book.balance()).toEqual({ available: 20, spendable: 20 })
    book.grant(1)
    expect(done(book.refund('lapse of W hold 1', 4)).credits).toBe(4n)
    expect(code(book.refund('lapse of W hold 1', 7))).toBe('refund_exceeds_charge')
    expect(code(book.refund('lapse of W hold 2'))).toBe('refund_exceeds_charge')
  })

  test('at the instant at which its lot expires gives back to an expired lot', () => {
    const book = new Book()
    book.grant(10, { expiry: { at: book.after(hour) } })
    book.hold(4)
    book.wait(hour)
    expect(book.balance()).toEqual({})
    book.grant(1)
    expect(book.accounts('W lot 1')).toEqual({ expired: 10 })
  })

  test('gives back to a lot that lives again, which expires again', () => {
    const book = new Book()
    book.grant(10, { expiry: { at: book.after(hour) }, lateReturnDays: 2 })
    book.hold(4, { timeToLiveMs: 2 * hour })
    book.wait(2 * hour)
    expect(book.balance()).toEqual({ available: 4, spendable: 4 })
    book.wait(2 * day - 1)
    expect(book.balance()).toEqual({ available: 4, spendable: 4 })
    book.wait(1)
    expect(book.balance()).toEqual({})
  })

  test('before which its lot expired is passed over by both in one step of time', () => {
    const book = new Book()
    book.grant(10, { expiry: { at: book.after(hour) }, lateReturnDays: 1 })
    book.hold(4, { timeToLiveMs: 2 * hour })
    book.wait(3 * day)
    expect(book.balance()).toEqual({})
    book.grant(1)
    expect(book.accounts('W lot 1')).toEqual({ expired: 10 })
    const effective = book.ledger.entries('W').map((entry) => entry.effectiveAt.getTime())
    expect(effective.toSorted((a, b) => a - b)).toEqual(effective)
  })
})

describe('a late capture', () => {
  test('counts what the lapse charged', () => {
    const book = new Book()
    book.grant(20)
    const id = hold(book.hold(10, { onLapse: 'charge_checkpoint' }))
    book.checkpoint(id, 4)
    book.wait(hour)
    expect(done(book.capture(id, 3, { above: 'owe' }))).toMatchObject({
      credits: 0n,
      hold: { state: 'lapsed', captured: 4n, uncollected: 0n },
    })
    const second = book.capture(id, 6, { above: 'owe' })
    expect(done(second)).toMatchObject({ credits: 5n, hold: { captured: 9n } })
    expect(book.balance()).toEqual({ available: 11, spendable: 11 })
    expect(done(book.refund(transaction(second))).credits).toBe(5n)
  })

  test('is refused under refuse, and remembered', () => {
    const book = new Book()
    book.grant(5)
    const id = hold(book.hold(5))
    book.wait(hour)
    expect(code(book.capture(id, 3))).toBe('hold_already_ended')
    expect(book.ledger.holds('W', book.now)[0]).toMatchObject({ uncollected: 3n })
    // What is remembered is written, and so is the lapse before it: even a clock that goes back finds it.
    expect(book.accounts('W lot 1')).toEqual({ available: 5 })
    book.wait(-hour)
    expect(code(book.release(id))).toBe('hold_already_ended')
    expect(done(book.capture(id, 1, { above: 'up_to_spendable' })).hold).toMatchObject({ uncollected: 2n })
  })

  test('collects later what it could not at first', () => {
    const book = new Book()
    book.grant(5)
    const id = hold(book.hold(5))
    book.wait(hour)
    book.charge(3)
    expect(done(book.capture(id, 5, { above: 'up_to_spendable' }))).toMatchObject({
      credits: 2n,
      hold: { uncollected: 3n },
    })
    book.grant(9)
    expect(done(book.capture(id, 0, { above: 'up_to_spendable' }))).toMatchObject({
      credits: 3n,
      hold: { uncollected: 0n },
    })
  })
})

describe('debt', () => {
  test('is repaid oldest first, by what is granted', () => {
    const book = new Book()
    book.grant(4)
    const first = hold(book.hold(2))
    const second = hold(book.hold(2))
    const older = book.capture(first, 5, { above: 'owe' })
    const newer = book.capture(second, 6, { above: 'owe' })
    expect(book.balance()).toEqual({ debt: 7 })
    expect(done(book.grant(5)).balance).toMatchObject({ debt: 2n, available: 0n })
    // The newer one still owes 2 of its 4, which shrink first; then lot 2 gets back what it repaid, and lot 1 what it paid.
    const refund = book.refund(transaction(newer))
    expect(shares(refund)).toBe('lot 2: 2, lot 1: 2')
    expect(done(refund)).toMatchObject({ credits: 6n, owed: -2n })
    expect(shares(book.refund(transaction(older), 4))).toBe('lot 2: 3, lot 1: 1')
    expect(book.balance()).toEqual({ available: 8, spendable: 8 })
  })

  test('is left alone by promotional, scoped, frozen and upcoming credits', () => {
    const book = owing()
    book.grant(1, { source: 'promotion' })
    book.grant(2, { scope: ['image'] })
    book.grant(4, { effectiveAt: book.after(hour) })
    expect(book.balance()).toEqual({ available: 7, debt: 10, spendable: 1, scoped: 2, upcoming: 4 })
    book.grant(3, { source: 'promotion', repaysDebt: true })
    expect(book.balance()).toMatchObject({ available: 7, debt: 7 })
    book.wait(hour)
    expect(book.balance()).toEqual({ available: 3, debt: 3, spendable: 1, scoped: 2 })
  })

  test('is repaid by what unfreezing, releasing or lapsing frees', () => {
    const book = new Book()
    book.grant(3, { priority: -1 })
    book.grant(4)
    book.grant(8)
    book.charge(3)
    book.lot('freeze', 'W lot 2')
    const placed = book.hold(5)
    book.revoke('W lot 3', 3)
    book.revoke('W lot 1')
    expect(book.balance()).toEqual({ available: 4, held: 5, debt: 3, frozen: 4 })
    expect(shares(book.release(hold(placed)))).toBe('lot 3: 5')
    expect(book.balance()).toEqual({ available: 6, spendable: 2, frozen: 4 })
    book.charge(2)
    book.revoke('W lot 3', 5)
    expect(book.balance()).toEqual({ available: 4, debt: 5, frozen: 4 })
    book.lot('unfreeze', 'W lot 2')
    expect(book.balance()).toEqual({ debt: 1 })
  })
})

describe('a refund', () => {
  test('goes back to the lots that paid, last one first, in parts', () => {
    const book = new Book()
    book.grant(3)
    book.grant(3)
    const charge = transaction(book.charge(5))
    expect(shares(book.refund(charge, 3))).toBe('lot 2: 2, lot 1: 1')
    expect(code(book.refund(charge, 3))).toBe('refund_exceeds_charge')
    expect(shares(book.refund(charge))).toBe('lot 1: 2')
    expect(code(book.refund(charge))).toBe('refund_exceeds_charge')
    expect(book.balance()).toEqual({ available: 6, spendable: 6 })
  })

  test('is of charges, captures and lapses only', () => {
    const book = new Book()
    const grant = transaction(book.grant(3))
    expect(code(book.refund(grant))).toBe('charge_not_found')
    expect(code(book.refund('W transaction 9'))).toBe('charge_not_found')
  })

  test('to an expired lot expires, or lives again for some days', () => {
    const book = new Book()
    book.grant(3, { expiry: { at: book.after(hour) } })
    book.grant(3, { expiry: { at: book.after(hour) }, lateReturnDays: 7 })
    const charge = transaction(book.charge(6))
    book.wait(2 * hour)
    book.refund(charge)
    expect(book.balance()).toEqual({ available: 3, spendable: 3 })
    expect(book.accounts('W lot 1')).toEqual({ expired: 3 })
    expect(book.ledger.wallet('W').lots[1]?.expiresAt).toEqual(book.after(7 * day))
  })

  test('of what was revoked since cannot go back', () => {
    const book = new Book()
    book.grant(6)
    const charge = transaction(book.charge(6))
    book.revoke('W lot 1', 4, { spent: 'forgive' })
    expect(code(book.refund(charge))).toBe('refund_exceeds_charge')
    expect(shares(book.refund(charge, 2))).toBe('lot 1: 2')
  })

  test('gives to what is pending first', () => {
    const book = new Book()
    book.grant(10)
    const charge = transaction(book.charge(4))
    book.hold(6)
    book.revoke('W lot 1', 5)
    expect(book.accounts('W lot 1')).toEqual({ held: 6, spent: 4, pending: 5 })
    book.refund(charge, 3)
    expect(book.accounts('W lot 1')).toEqual({ held: 6, spent: 1, revoked: 3, pending: 2 })
  })
})

describe('revoking', () => {
  test('takes available, then expired, then waits for held, then spent', () => {
    const book = new Book()
    book.grant(10, { expiry: { at: book.after(hour) } })
    book.charge(2)
    book.hold(3, { timeToLiveMs: 5 * hour })
    book.wait(hour)
    expect(done(book.revoke('W lot 1', 5)).owed).toBe(0n)
    expect(book.accounts('W lot 1')).toEqual({ revoked: 5, held: 3, spent: 2 })
    book.revoke('W lot 1', 1)
    expect(book.accounts('W lot 1')).toEqual({ revoked: 5, held: 3, spent: 2, pending: 1 })
    const all = book.revoke('W lot 1')
    expect(done(all)).toMatchObject({ credits: 4n, owed: 2n })
    expect(book.accounts('W lot 1')).toEqual({ revoked: 7, held: 3, pending: 3 })
    expect(code(book.revoke('W lot 1'))).toBe('revoke_exceeds_lot')
    expect(code(book.revoke('W lot 1', 1))).toBe('revoke_exceeds_lot')
    expect(book.balance()).toEqual({ held: 3, debt: 2 })
  })

  test('of held credits is taken when they come back, and owed when they are captured', () => {
    const book = new Book()
    book.grant(10)
    const id = hold(book.hold(10))
    book.revoke('W lot 1', 6)
    const capture = book.capture(id, 7, { isFinal: false })
    // 3 are still held, of 6 to be revoked: 3 are taken from spent.
    expect(done(capture)).toMatchObject({ credits: 7n, owed: 0n, balance: { debt: 3n } })
    expect(book.accounts('W lot 1')).toEqual({ held: 3, spent: 4, revoked: 3, pending: 3 })
    book.release(id)
    expect(book.accounts('W lot 1')).toEqual({ spent: 4, revoked: 6 })
    expect(book.balance()).toEqual({ debt: 3 })
    // That debt is not the capture's: what the lot paid goes back, as far as it is spent, and repays it.
    expect(code(book.refund(transaction(capture), 5))).toBe('refund_exceeds_charge')
    expect(done(book.refund(transaction(capture), 4))).toMatchObject({ owed: 0n })
    expect(book.accounts('W lot 1')).toEqual({ available: 1, spent: 3, revoked: 6 })
    expect(book.balance()).toEqual({ available: 1, spendable: 1 })
  })

  test('of held credits is forgiven when the last revoking said so', () => {
    const book = new Book()
    book.grant(10)
    const id = hold(book.hold(10))
    book.revoke('W lot 1', 2)
    book.revoke('W lot 1', 2, { spent: 'forgive' })
    expect(done(book.capture(id)).owed).toBe(0n)
    expect(book.accounts('W lot 1')).toEqual({ spent: 6, revoked: 4 })
  })

  test('of held credits by one hold leaves another its own', () => {
    const book = new Book()
    book.grant(10)
    const first = hold(book.hold(4))
    book.hold(6)
    book.revoke('W lot 1', 5)
    expect(done(book.capture(first)).owed).toBe(0n)
    expect(book.accounts('W lot 1')).toEqual({ held: 6, spent: 4, pending: 5 })
    book.wait(hour)
    expect(book.balance()).toEqual({ available: 1, spendable: 1 })
  })

  test('by hand takes from unscoped lots', () => {
    const book = new Book()
    book.grant(2, { scope: ['image'], priority: -1 })
    book.grant(3)
    expect(code(book.adjust(-4))).toBe('insufficient_credits')
    expect(shares(book.adjust(-3))).toBe('lot 2: 3')
    expect(shares(book.adjust(5))).toBe('lot 3: 5')
    expect(book.balance()).toEqual({ available: 7, scoped: 2, spendable: 5 })
  })
})

test('what a hold gives back to a frozen lot is frozen, and a frozen lot expires', () => {
  const book = new Book()
  book.grant(4, { expiry: { at: book.after(2 * hour) } })
  const id = hold(book.hold(3))
  book.lot('freeze', 'W lot 1')
  book.lot('freeze', 'W lot 1')
  book.capture(id, 1)
  expect(book.balance()).toEqual({ available: 3, frozen: 3 })
  book.wait(2 * hour)
  expect(book.balance()).toEqual({})
})

test('a wallet holds so much and no more', () => {
  const book = new Book()
  expect(code(book.grant(4e18))).toBe('ok')
  expect(code(book.grant(1))).toBe('wallet_full')
  book.hold(5)
  expect(code(book.adjust(1))).toBe('wallet_full')
  book.charge(5)
  expect(code(book.grant(5))).toBe('ok')
})

describe('a key', () => {
  test('answers for good what was answered first', () => {
    const book = new Book()
    book.grant(5)
    const first = book.charge(2, { key: 'once' })
    book.wait(day)
    book.charge(1)
    expect(book.charge(2, { key: 'once' })).toEqual(first)
    expect(code(book.charge(1, { key: 'once' }))).toBe('idempotency_key_reused')
    expect(code(book.hold(2, { key: 'once' }))).toBe('idempotency_key_reused')
    expect(book.balance()).toEqual({ available: 2, spendable: 2 })
  })

  test('is not bound by a refusal', () => {
    const book = new Book()
    expect(code(book.charge(2, { key: 'once' }))).toBe('insufficient_credits')
    book.grant(5)
    expect(code(book.charge(3, { key: 'once' }))).toBe('ok')
  })
})

describe('a limit', () => {
  const daily = [{ name: 'daily', window: 'day', max: 10n }] as const

  test('of a day is over at midnight', () => {
    const book = new Book()
    book.grant(100)
    expect(code(book.charge(7, { limits: daily }))).toBe('ok')
    expect(code(book.charge(4, { limits: daily }))).toBe('limit_exceeded')
    expect(code(book.charge(4))).toBe('ok')
    expect(code(book.charge(3, { limits: daily }))).toBe('ok')
    book.now = new Date('2026-03-10T23:59:59.999Z')
    expect(code(book.charge(1, { limits: daily }))).toBe('limit_exceeded')
    book.wait(1)
    expect(code(book.charge(10, { limits: daily }))).toBe('ok')
  })

  test('of a week begins on Monday', () => {
    const weekly = [{ name: 'weekly', window: 'week', max: 10n }] as const
    const book = new Book()
    book.grant(100)
    book.charge(10, { limits: weekly })
    book.now = new Date('2026-03-15T23:59:59.999Z')
    expect(code(book.charge(1, { limits: weekly }))).toBe('limit_exceeded')
    book.wait(1)
    expect(code(book.charge(1, { limits: weekly }))).toBe('ok')
  })

  test('counts a hold whole, and corrects it when it is captured or ends', () => {
    const book = new Book()
    book.grant(100)
    const id = hold(book.hold(8, { limits: daily }))
    expect(code(book.charge(3, { limits: daily }))).toBe('limit_exceeded')
    book.capture(id, 5, { isFinal: false })
    expect(code(book.charge(3, { limits: daily }))).toBe('limit_exceeded')
    book.capture(id, 0)
    expect(code(book.charge(6, { limits: daily }))).toBe('limit_exceeded')
    expect(code(book.charge(5, { limits: daily }))).toBe('ok')
  })

  test('counts a capture above its hold, and nothing of a lapse, for the next reader', () => {
    const book = new Book()
    book.grant(100)
    book.capture(hold(book.hold(2, { limits: daily })), 5, { above: 'owe' })
    expect(code(book.charge(6, { limits: daily }))).toBe('limit_exceeded')
    const id = hold(book.hold(5, { limits: daily }))
    book.wait(hour)
    expect(code(book.charge(6, { limits: daily }))).toBe('limit_exceeded')
    expect(code(book.charge(5, { limits: daily }))).toBe('ok')
    book.capture(id, 5, { above: 'owe' })
    expect(code(book.charge(1, { limits: daily }))).toBe('limit_exceeded')
  })

  test('is not given back by a refund', () => {
    const book = new Book()
    book.grant(100)
    book.refund(transaction(book.charge(10, { limits: daily })))
    expect(code(book.charge(1, { limits: daily }))).toBe('limit_exceeded')
  })

  test('of one name in two windows is two', () => {
    const book = new Book()
    book.grant(100)
    book.charge(10, { limits: daily })
    expect(code(book.charge(10, { limits: [{ name: 'daily', window: 'week', max: 10n }] }))).toBe('ok')
  })

  test('that rolls looks back 23 to 24 of its 24 buckets', () => {
    const rolling = [{ name: 'rolling', window: 'rolling_day', max: 10n }] as const
    const book = new Book()
    book.now = new Date('2026-03-10T12:30:00Z')
    book.grant(100)
    book.charge(10, { limits: rolling })
    // Its bucket began at 12:00, and counts while that is after now − 24 hours.
    book.now = new Date('2026-03-11T11:59:59.999Z')
    expect(code(book.charge(1, { limits: rolling }))).toBe('limit_exceeded')
    book.wait(1)
    expect(code(book.charge(1, { limits: rolling }))).toBe('ok')
  })
})

describe('an observed operation', () => {
  test('takes what there is, says what would have been refused, and counts what it took', () => {
    const book = new Book()
    const lifetime = [{ name: 'lifetime', window: 'lifetime', max: 20n }] as const
    book.grant(4)
    expect(done(book.charge(9, { isObserved: true, limits: lifetime }))).toMatchObject({
      credits: 4n,
      wouldRefuse: 'insufficient_credits',
    })
    book.grant(20)
    expect(code(book.charge(17, { limits: lifetime }))).toBe('limit_exceeded')
    const placed = book.hold(17, { isObserved: true, limits: lifetime })
    expect(done(placed)).toMatchObject({ credits: 17n, wouldRefuse: 'limit_exceeded' })
    book.release(hold(placed))
    expect(done(book.charge(16, { isObserved: true, limits: lifetime })).wouldRefuse).toBeUndefined()
  })

  test('takes nothing of an owing wallet', () => {
    const book = owing()
    book.grant(5, { source: 'promotion' })
    const placed = done(book.hold(3, { isObserved: true }))
    expect(placed).toMatchObject({ credits: 0n, wouldRefuse: 'insufficient_credits', hold: { amount: 0n } })
    expect(done(book.capture(placed.hold!.id, 2, { above: 'owe' }))).toMatchObject({ owed: 2n })
    expect(book.balance()).toMatchObject({ debt: 12 })
  })

  test('captures above its hold what there is, and says so only above what the hold was to have', () => {
    const book = new Book()
    book.grant(3)
    const id = hold(book.hold(5, { isObserved: true }))
    book.grant(1)
    expect(done(book.capture(id, 5, { isObserved: true, isFinal: false }))).toMatchObject({
      credits: 4n,
      wouldRefuse: undefined,
      hold: { captured: 4n, uncollected: 1n },
    })
    expect(code(book.capture(id, 1, { isFinal: false }))).toBe('capture_exceeds_hold')
    expect(done(book.capture(id, 1, { isObserved: true }))).toMatchObject({
      credits: 0n,
      wouldRefuse: 'capture_exceeds_hold',
      hold: { state: 'captured', captured: 4n, uncollected: 2n },
    })
    expect(code(book.capture(id, 1, { isObserved: true }))).toBe('hold_already_ended')
  })

  test('captures late what there is, and says so', () => {
    const book = new Book()
    book.grant(5)
    const id = hold(book.hold(4, { timeToLiveMs: hour }))
    book.wait(hour)
    book.charge(3)
    expect(done(book.capture(id, 4, { isObserved: true }))).toMatchObject({
      credits: 2n,
      wouldRefuse: 'hold_already_ended',
      hold: { state: 'lapsed', uncollected: 2n },
    })
    expect(done(book.capture(id, 0, { isObserved: true, above: 'owe' }))).toMatchObject({
      owed: 2n,
      wouldRefuse: undefined,
    })
  })
})
