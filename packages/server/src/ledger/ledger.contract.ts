/** What the ledger promises on every database. Run by the tests of each driver. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database, Transaction } from '../database/database.ts'
import { type Uuid, type WalletOwner, walletId } from '../kernel/ids.ts'
import {
  chargeOf,
  credits,
  grantOf,
  holdOf,
  newId,
  newKey,
  newOwner,
  tally,
} from './__fixtures__/operations.ts'
import { applyOperations } from './apply-operations.ts'
import { internalKey } from './keys.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { listLots } from './list-lots.ts'
import type { LotView } from './lot-view.ts'
import { lotsInRowMax } from './window.ts'

/**
 * @param open opens the driver's database; a clock given to it stands in for the database's own
 */
export function ledgerContract(open: (clock?: () => Date) => Promise<Database>): void {
  let database: Database
  let ledger: Ledger
  // Later than any clock of the machine, so that a set clock and the database's never meet in one wallet.
  let setNow: Date | undefined

  beforeAll(async () => {
    database = await open(() => setNow ?? new Date())
    ledger = await createLedger({ database, newId })
  })

  afterAll(async () => {
    await ledger.close()
    await database.close()
  })

  test('a granted lot is spent, held, captured and released, and what is stored adds up', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    await ledger.submit(chargeOf(owner, '1'))
    const hold = await ledger.submit(holdOf(owner, '5'))
    const captured = await ledger.submit({
      kind: 'capture',
      walletId: walletId(owner),
      key: newKey(),
      holdId: hold.hold?.id ?? '',
      credits: credits('2'),
    })
    expect(captured.balance).toMatchObject({ available: credits('7'), held: 0n, spendable: credits('7') })
    const released = await ledger.submit(holdOf(owner, '3'))
    await ledger.submit({
      kind: 'release',
      walletId: walletId(owner),
      key: newKey(),
      holdId: released.hold?.id ?? '',
    })
    const { balance, lots } = await ledger.balance(owner)
    expect(balance).toMatchObject({ available: credits('7'), held: 0n })
    expect(lots).toMatchObject([
      { name: 'Gift', source: 'promotion', granted: credits('10'), available: credits('7') },
    ])
    expect(await ledger.verify()).toMatchObject({ differences: [] })
  })

  test('the same key answers the same receipt, once, also in parallel and within one batch', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    const charge = chargeOf(owner, '4')
    const receipts = await Promise.all(Array.from({ length: 20 }, () => ledger.submit(charge)))
    expect(receipts.every((receipt) => receipt.transaction === receipts[0]?.transaction)).toBe(true)
    await ledger.submit(chargeOf(owner, '1'))
    // A replay answers the balance that was answered then, not today's.
    expect(await ledger.submit(charge)).toEqual(receipts[0])
    expect((await ledger.balance(owner)).balance.available).toBe(credits('5'))
  })

  test('every kind of operation replays what it answered', async () => {
    const owner = newOwner()
    const grant = grantOf(owner, '10', { effectiveAt: undefined })
    const operations = [
      grant,
      grantOf(owner, '5', { effectiveAt: new Date(Date.now() + 3_600_000) }),
      chargeOf(owner, '1'),
      holdOf(owner, '4'),
      holdOf(owner, '2'),
    ]
    const first = await Promise.all(operations.map((operation) => ledger.submit(operation)))
    const endings = [
      {
        kind: 'capture' as const,
        walletId: walletId(owner),
        key: newKey(),
        holdId: first[3]?.hold?.id ?? '',
        credits: credits('3'),
      },
      {
        kind: 'release' as const,
        walletId: walletId(owner),
        key: newKey(),
        holdId: first[4]?.hold?.id ?? '',
      },
    ]
    const ended = await Promise.all(endings.map((operation) => ledger.submit(operation)))
    const again = await Promise.all([...operations, ...endings].map((operation) => ledger.submit(operation)))
    expect(again).toEqual([...first, ...ended])
  })

  test('an operation that moved nothing of its lot replays what it answered', async () => {
    const owner = newOwner()
    const grant = await ledger.submit(grantOf(owner, '10'))
    await ledger.submit(chargeOf(owner, '10'))
    const lotId = grant.shares[0]?.lotId ?? ''
    for (const kind of ['freeze', 'unfreeze', 'expire'] as const) {
      const operation = { kind, walletId: walletId(owner), key: newKey(), lotId, reason: undefined }
      const receipt = await ledger.submit(operation)
      expect(receipt.shares).toEqual([])
      expect(await ledger.submit(operation)).toEqual(receipt)
    }
  })

  test('a key is refused for another operation, and bound by no refusal', async () => {
    const owner = newOwner()
    const charge = chargeOf(owner, '4')
    expect(await tally([ledger.submit(charge)])).toEqual({ insufficient_credits: 1 })
    await ledger.submit(grantOf(owner, '10'))
    await ledger.submit(charge)
    expect(await tally([ledger.submit({ ...charge, key: { ...charge.key, fingerprint: 1n } })])).toEqual({
      idempotency_key_reused: 1,
    })
    expect((await ledger.balance(owner)).balance.available).toBe(credits('6'))
  })

  test('the same key in two wallets is two keys', async () => {
    const [a, b] = [newOwner(), newOwner()]
    const key = newKey()
    await ledger.submit(grantOf(a, '1', { key }))
    await ledger.submit(grantOf(b, '1', { key }))
    expect((await ledger.balance(b)).balance.available).toBe(credits('1'))
  })

  test('parallel charges spend exactly what is there', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    expect(await tally(Array.from({ length: 50 }, () => ledger.submit(chargeOf(owner, '1'))))).toEqual({
      ok: 10,
      insufficient_credits: 40,
    })
    expect((await ledger.balance(owner)).balance).toMatchObject({ available: 0n, held: 0n })
  })

  test('a hold that lapsed is given back to the next reader, and to the next writer in the books', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    const hold = await ledger.submit(holdOf(owner, '4', 1000))
    await ledger.submit(holdOf(owner, '2', 3_600_000))
    setNow = new Date(Date.now() + 60_000)
    try {
      expect((await ledger.balance(owner)).balance).toMatchObject({
        available: credits('8'),
        held: credits('2'),
      })
      expect(await ledger.hold({ walletId: walletId(owner), id: hold.hold?.id ?? '' })).toMatchObject({
        hold: { state: 'lapsed' },
      })
      const charged = await ledger.submit(chargeOf(owner, '8'))
      expect(charged.balance).toMatchObject({ available: 0n, held: credits('2') })
      expect(await ledger.verify()).toMatchObject({ differences: [] })
      const { entries } = await ledger.entries(owner, { limit: 10 })
      expect(entries.find((entry) => entry.operation === 'lapse')).toMatchObject({
        from: 'held',
        to: 'available',
        credits: credits('4'),
      })
    } finally {
      setNow = undefined
    }
  })

  test('after one hold has lapsed in the books, the next one still lapses', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    await ledger.submit(holdOf(owner, '4', 1000))
    await ledger.submit(holdOf(owner, '3', 120_000))
    await ledger.submit(holdOf(owner, '2', 240_000))
    try {
      for (const [minutes, spendable] of [
        [1, '5'],
        [3, '8'],
        [5, '10'],
      ] as const) {
        setNow = new Date(Date.now() + minutes * 60_000)
        // A write each time, so that what lapsed is stored and the next moment to look again is worked out anew.
        await ledger.submit(grantOf(owner, '0.000001'))
        expect((await ledger.balance(owner)).balance.spendable / 1_000_000n).toBe(BigInt(spendable))
      }
      expect((await ledger.balance(owner)).balance.held).toBe(0n)
    } finally {
      setNow = undefined
    }
  })

  test("a clock that steps back does not take the ledger's now back: what has expired stays expired", async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '5', { expiry: { at: new Date(Date.now() + 30_000) } }))
    try {
      setNow = new Date(Date.now() + 60_000)
      const later = await ledger.submit(grantOf(owner, '1'))
      setNow = new Date(Date.now() - 3_600_000)
      const receipt = await ledger.submit(chargeOf(owner, '1'))
      expect(receipt.at.getTime()).toBeGreaterThanOrEqual(later.at.getTime())
      expect(await tally([ledger.submit(chargeOf(owner, '1'))])).toEqual({ insufficient_credits: 1 })
      expect((await ledger.balance(owner)).balance.available).toBe(0n)
    } finally {
      setNow = undefined
    }
  })

  test("another wallet's hold is not found, and naming it disturbs nobody in the batch", async () => {
    const [a, b] = [newOwner(), newOwner()]
    await Promise.all([ledger.submit(grantOf(a, '5')), ledger.submit(grantOf(b, '5'))])
    const placed = await ledger.submit(holdOf(a, '2'))
    const holdId = placed.hold?.id ?? ''
    const end = (owner: WalletOwner, kind: 'capture' | 'release') =>
      ledger.submit(
        kind === 'capture'
          ? { kind, walletId: walletId(owner), key: newKey(), holdId, credits: undefined }
          : { kind, walletId: walletId(owner), key: newKey(), holdId },
      )
    // The first occupies the lane, so that the other two are in one batch.
    const answers = [ledger.submit(chargeOf(b, '1')), end(a, 'capture'), end(b, 'release')]
    expect(await tally(answers)).toEqual({ ok: 2, hold_not_found: 1 })
    expect((await ledger.balance(a)).balance).toMatchObject({ available: credits('3'), held: 0n })
  })

  test('a lot that expired pays nothing, though no job has run', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10', { expiry: { at: new Date(Date.now() + 30_000) } }))
    setNow = new Date(Date.now() + 60_000)
    try {
      expect(await tally([ledger.submit(chargeOf(owner, '1'))])).toEqual({ insufficient_credits: 1 })
      expect((await ledger.balance(owner)).balance.available).toBe(0n)
    } finally {
      setNow = undefined
    }
  })

  test("a lot that finds its wallet's row full is counted, and spent when its turn comes", async () => {
    const owner = newOwner()
    for (let lot = 0; lot < lotsInRowMax; lot += 1) await ledger.submit(grantOf(owner, '1'))
    // It burns last, so that nothing else in the row changes.
    const last = await ledger.submit(grantOf(owner, '1', { priority: 1 }))
    const all = credits(String(lotsInRowMax + 1))
    expect((await ledger.balance(owner)).balance).toMatchObject({ available: all, spendable: all })
    const charge = await ledger.submit(chargeOf(owner, String(lotsInRowMax + 1)))
    expect(charge.shares.at(-1)).toEqual(last.shares[0])
    expect(await ledger.verify()).toMatchObject({ differences: [] })
  })

  test("when all that waited outside of a wallet's row has expired, the row says so", async () => {
    const owner = newOwner()
    for (let lot = 0; lot < lotsInRowMax; lot += 1) await ledger.submit(grantOf(owner, '1'))
    const expiry = { at: new Date(Date.now() + 30_000) }
    await ledger.submit(grantOf(owner, '1', { priority: 1, expiry }))
    setNow = new Date(Date.now() + 60_000)
    try {
      const charge = await ledger.submit(chargeOf(owner, '0.5'))
      expect(charge.balance).toMatchObject({ available: credits('15.5'), spendable: credits('15.5') })
      const later = await ledger.submit(chargeOf(owner, '0.1'))
      expect(later.balance).toMatchObject({ available: credits('15.4'), spendable: credits('15.4') })
    } finally {
      setNow = undefined
    }
  })

  test('a lot that repays a debt in the batch in which it is refunded gets it back', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '1'))
    const start = new Date(Date.now() + 30_000)
    const later = await ledger.submit(
      grantOf(owner, '10', { source: 'purchase', priority: 1, effectiveAt: start }),
    )
    const hold = await ledger.submit(holdOf(owner, '1'))
    const about = { walletId: walletId(owner), holdId: hold.hold?.id ?? '' }
    const captured = await ledger.submit({
      ...about,
      kind: 'capture',
      key: newKey(),
      credits: credits('4'),
      above: 'owe',
    })
    expect(captured.owed).toBe(credits('3'))
    setNow = new Date(start.getTime() + 1000)
    try {
      const { transaction } = captured
      const refund = { kind: 'refund', transaction, credits: credits('3'), reason: undefined } as const
      const refunded = await ledger.submit({ ...refund, walletId: walletId(owner), key: newKey() })
      expect(refunded.shares).toEqual([{ lotId: later.shares[0]?.lotId, amount: credits('3') }])
      expect(refunded.balance).toMatchObject({ available: credits('10'), debt: 0n })
    } finally {
      setNow = undefined
    }
  })

  async function everyLot(owner: WalletOwner, open?: boolean): Promise<LotView[]> {
    const found: LotView[] = []
    for (let before: Uuid | undefined; ; ) {
      // oxlint-disable-next-line no-await-in-loop
      const { lots, next } = await ledger.lots(owner, { limit: 7, before, open })
      found.push(...lots)
      if (next === undefined) return found
      expect(lots).toHaveLength(7)
      before = next
    }
  }

  test('lots come newest first, a page at a time, each once and as it is by itself: all, or those that are open', async () => {
    const owner = newOwner()
    const id = walletId(owner)
    const soon = new Date(Date.now() + 30_000)
    const granted = await Promise.all(
      // More than the wallet's row has room for, in a burn order that is not that of time.
      Array.from({ length: 3 * lotsInRowMax }, (_, number) =>
        ledger.submit(
          grantOf(owner, '1', {
            priority: number % 5,
            expiry: number % 4 === 0 ? { at: soon } : undefined,
            effectiveAt: number % 7 === 1 ? new Date(soon.getTime() - 1000) : undefined,
          }),
        ),
      ),
    )
    const ids = granted.map(({ shares }) => shares[0]!.lotId).toSorted((a, b) => (a > b ? -1 : 1))
    const check = async () => {
      const each = await Promise.all(ids.map((lot) => ledger.lot({ walletId: id, id: lot })))
      const lots = each.map((one) => one!.lot)
      expect(await everyLot(owner)).toEqual(lots)
      const open = lots.filter(({ available, held }) => available + held > 0n)
      expect(open.length).toBeLessThan(lots.length)
      expect(await everyLot(owner, true)).toEqual(open)
    }
    const [spent] = (await ledger.submit(chargeOf(owner, '5.5'))).shares
    await ledger.submit(holdOf(owner, '3'))
    // oxlint-disable-next-line no-await-in-loop
    for (const lotId of [ids[1]!, ids.at(-9)!])
      await ledger.submit({ kind: 'freeze', walletId: id, key: newKey(), lotId, reason: undefined })
    // They burn first, so that all others wait outside of the row.
    const first = Array.from({ length: lotsInRowMax }, () => grantOf(owner, '1', { priority: -1 }))
    for (const { shares } of await Promise.all(first.map((grant) => ledger.submit(grant))))
      ids.push(shares[0]!.lotId)
    ids.sort((a, b) => (a > b ? -1 : 1))
    await check()
    try {
      // Lots have expired, and nobody has written so.
      setNow = new Date(soon.getTime() + 1000)
      await check()
      await ledger.submit(chargeOf(owner, '0.5'))
      await check()
      // The hold has lapsed.
      setNow = new Date(soon.getTime() + 60_000)
      await check()
      await ledger.submit({
        kind: 'revoke',
        walletId: id,
        key: newKey(),
        lotId: spent!.lotId,
        credits: undefined,
        reason: undefined,
      })
      expect((await ledger.balance(owner)).balance.debt).toBeGreaterThan(0n)
      await check()
    } finally {
      setNow = undefined
    }
    expect(await ledger.lots(newOwner(), { limit: 7 })).toEqual({ lots: [], next: undefined })
  })

  test('of a wallet with many lots a page reads about as many rows as it shows', async () => {
    const owner = newOwner()
    await Promise.all(Array.from({ length: 300 }, () => ledger.submit(grantOf(owner, '1'))))
    const limit = 10
    const before = (await ledger.balance(owner)).lots[50]!.id
    for (const open of [false, true]) {
      // oxlint-disable-next-line no-await-in-loop
      const read = await database.snapshot(async (tx) => {
        let rows = 0
        const counting: Transaction = {
          ...tx,
          run: async <Row>(...asked: Parameters<Transaction['run']>) => {
            const answered = await tx.run<Row>(...asked)
            rows += answered.length
            return answered
          },
        }
        const { lots } = await listLots(counting, walletId(owner), { limit, open, before }, ledger.context)
        expect(lots).toHaveLength(limit)
        return rows
      })
      expect(read).toBeLessThan(3 * limit)
    }
  })

  test('entries come newest first, a page at a time, each once', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '10'))
    for (let count = 0; count < 4; count += 1) await ledger.submit(chargeOf(owner, '1'))
    const first = await ledger.entries(owner, { limit: 3 })
    const second = await ledger.entries(owner, { limit: 3, before: first.next })
    expect(second.next).toBeUndefined()
    const all = [...first.entries, ...second.entries]
    expect(all.map((entry) => entry.operation)).toEqual(['charge', 'charge', 'charge', 'charge', 'grant'])
    expect(new Set(all.map((entry) => entry.transaction)).size).toBe(5)
    expect(all.every((entry) => entry.lot?.name === 'Gift')).toBe(true)
  })

  test("within a caller's transaction credits and rows commit together, or not at all", async () => {
    const owner = newOwner()
    const grant = grantOf(owner, '10', { key: internalKey(`order:${owner.customer}`) })
    const attempt = database.transaction(async (tx) => {
      await applyOperations(tx, [grant], ledger.context)
      throw new Error('the order could not be written')
    })
    await expect(attempt).rejects.toThrow('the order')
    expect((await ledger.balance(owner)).balance.available).toBe(0n)
    await database.transaction((tx) => applyOperations(tx, [grant], ledger.context))
    const [again] = await database.transaction((tx) => applyOperations(tx, [grant], ledger.context))
    expect(again?.ok).toBe(true)
    expect((await ledger.balance(owner)).balance.available).toBe(credits('10'))
  })

  test('a lane waited for inside a transaction is a bug, and says so', async () => {
    const owner = newOwner()
    await expect(database.transaction(() => ledger.submit(grantOf(owner, '1')))).rejects.toThrow(
      'never waited for inside a transaction',
    )
  })

  test('an operation that the database refuses fails alone', async () => {
    const owner = newOwner()
    const poison = grantOf(owner, '1', { name: 'nul \u0000 in text' })
    const results = await Promise.allSettled([
      ledger.submit(grantOf(owner, '1')),
      ledger.submit(grantOf(owner, '1')),
      ledger.submit(poison),
      ledger.submit(grantOf(owner, '1')),
    ])
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect((await ledger.balance(owner)).balance.available).toBe(credits('3'))
  })

  test('entries and lots are changed by nobody', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '1'))
    for (const statement of [
      'update entries set amount_micros = 1',
      'delete from entries',
      'delete from lots',
      'truncate entries',
    ]) {
      await expect(database.transaction((tx) => sql.raw(statement).execute(tx.db))).rejects.toThrow(
        'never changed',
      )
    }
  })

  test('the database itself refuses a sum below zero', async () => {
    const owner = newOwner()
    await ledger.submit(grantOf(owner, '1'))
    const overdraw = (column: string) =>
      database.transaction((tx) =>
        sql`update wallets set ${sql.raw(column)} where id = ${walletId(owner)}`.execute(tx.db),
      )
    await expect(overdraw('available_micros = -1')).rejects.toThrow('check')
    await expect(overdraw("lot_available_micros = '{-1}'")).rejects.toThrow('check')
  })
}
