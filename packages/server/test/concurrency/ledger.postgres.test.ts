import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { idMaker, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import { chargeOf, credits, grantOf, newOwner, tally } from '../../src/ledger/__fixtures__/operations.ts'
import { applyOperations } from '../../src/ledger/apply-operations.ts'
import { ledgerContract } from '../../src/ledger/ledger.contract.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import { createTestDatabase } from '../support/test-database.ts'

describe('the ledger on Postgres', () => {
  ledgerContract(async (clock) => openDatabase({ url: (await createTestDatabase()).url, clock }))
})

describe('two servers on one Postgres', () => {
  const servers: { database: Database; ledger: Ledger }[] = []
  const [first, second] = [() => server(0), () => server(1)]

  function server(index: number): { database: Database; ledger: Ledger } {
    const found = servers[index]
    if (found === undefined) throw new Error('not started')
    return found
  }

  beforeAll(async () => {
    const { url } = await createTestDatabase()
    // Both start at once: migrations are safe with two starters.
    const databases = await Promise.all([openDatabase({ url }), openDatabase({ url })])
    for (const database of databases) {
      servers.push({
        database,
        ledger: await createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) }),
      })
    }
  })

  afterAll(async () => {
    for (const { ledger, database } of servers) {
      await ledger.close()
      await database.close()
    }
  })

  async function fundedOwner(decimal: string): Promise<WalletOwner> {
    const owner = newOwner()
    await first().ledger.submit(grantOf(owner, decimal))
    return owner
  }

  const bothInTurn = (index: number): Ledger => (index % 2 === 0 ? first() : second()).ledger

  test('50 parallel calls with credits for 10: exactly 10 succeed', async () => {
    const owner = await fundedOwner('10')
    expect(
      await tally(Array.from({ length: 50 }, (_, index) => bothInTurn(index).submit(chargeOf(owner, '1')))),
    ).toEqual({ ok: 10, insufficient_credits: 40 })
    expect((await first().ledger.balance(owner)).balance).toMatchObject({ available: 0n, held: 0n })
  })

  test('20 charges of 75 on 500: exactly 6 succeed', async () => {
    const owner = await fundedOwner('500')
    expect(
      await tally(Array.from({ length: 20 }, (_, index) => bothInTurn(index).submit(chargeOf(owner, '75')))),
    ).toEqual({ ok: 6, insufficient_credits: 14 })
    expect((await second().ledger.balance(owner)).balance.available).toBe(credits('50'))
  })

  test('one key through both servers at once happens once', async () => {
    const owner = await fundedOwner('10')
    const charge = chargeOf(owner, '3')
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bothInTurn(index).submit(charge)),
    )
    expect(new Set(receipts.map((receipt) => receipt.transaction)).size).toBe(1)
    expect((await first().ledger.balance(owner)).balance.available).toBe(credits('7'))
  })

  test('both doors on many wallets at once: no deadlock, and every credit is accounted for', async () => {
    const owners = await Promise.all(Array.from({ length: 12 }, () => fundedOwner('100')))
    const byLane = Array.from({ length: 400 }, (_, index) =>
      bothInTurn(index).submit(chargeOf(owners[index % owners.length]!, '1')),
    )
    const byTransaction = Array.from({ length: 40 }, (_, index) => {
      const { database, ledger } = index % 2 === 0 ? first() : second()
      const some = owners.filter((_owner, place) => (place + index) % 3 !== 0).toReversed()
      return database.transaction((tx) =>
        applyOperations(
          tx,
          some.map((owner) => grantOf(owner, '1')),
          ledger.context,
        ),
      )
    })
    await Promise.all([...byLane, ...byTransaction])
    const verified = await first().ledger.verify()
    expect(verified.differences).toEqual([])
    const balances = await Promise.all(
      owners.map(async (owner) => (await second().ledger.balance(owner)).balance.available),
    )
    const granted = BigInt(40 * 8)
    expect(balances.reduce((a, b) => a + b, 0n)).toBe((1200n + granted - 400n) * 1_000_000n)
    expect(new Set(owners.map(walletId)).size).toBe(12)
  })
})
