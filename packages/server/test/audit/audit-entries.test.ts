import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { idMaker } from '../../src/kernel/ids.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import { keepBusy } from '../support/busy-ledger.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { auditEntries } from './audit-entries.ts'

let database: Database
let ledger: Ledger
let client: Client
let now = new Date()

beforeAll(async () => {
  const { url } = await createTestDatabase()
  database = await openDatabase({ url, clock: () => now })
  ledger = await createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) })
  await keepBusy(ledger, {
    wallets: 6,
    steps: 150,
    seed: 2,
    advance: (ms) => (now = new Date(now.getTime() + ms)),
  })
  client = new Client({ connectionString: url })
  await client.connect()
})

afterAll(async () => {
  await client.end()
  await ledger.close()
  await database.close()
})

const audit = () => auditEntries((sql) => client.query(sql).then(({ rows }) => rows))

/** What the audit says of a change that only somebody with the database's whole power could make. */
async function auditAfter(change: string): Promise<string> {
  await client.query('begin')
  try {
    await client.query('set local session_replication_role = replica')
    const { rowCount } = await client.query(change)
    expect(rowCount, `${change} has something to change`).toBeGreaterThan(0)
    const { differences } = await audit()
    return differences.join('\n')
  } finally {
    await client.query('rollback')
  }
}

test('a ledger in which everything has happened adds up', async () => {
  const { rows } = await client.query<{ happened: string }>(
    `select distinct concat_ws(' ', operation, from_account, to_account) as happened from entries`,
  )
  expect(rows.map(({ happened }) => happened)).toEqual(
    expect.arrayContaining([
      'grant issued available',
      'adjust issued available',
      'adjust available revoked',
      'charge available spent',
      'hold available held',
      'capture held spent',
      'capture held available',
      'capture held revoked',
      'capture debt spent',
      'release held available',
      'checkpoint',
      'extend',
      'refund spent available',
      'refund spent debt',
      'revoke available revoked',
      'revoke expired revoked',
      'revoke spent revoked',
      'revoke debt spent',
      'freeze',
      'unfreeze',
      'lapse held spent',
      'lapse held expired',
      'expire available expired',
      'repay available spent',
      'repay spent debt',
    ]),
  )
  const { rows: counts } = await client.query<Record<string, string>>(
    `select (select count(*) from entries) as entries, (select count(*) from lots) as lots, (select count(*) from waiting_lots) as waiting`,
  )
  expect(Number(counts[0]?.['waiting'])).toBeGreaterThan(0)
  expect(await audit()).toEqual({
    wallets: 6,
    lots: Number(counts[0]?.['lots']),
    entries: Number(counts[0]?.['entries']),
    differences: [],
  })
})

const oneOf = (table: string, condition = 'true') =>
  `ctid = (select ctid from ${table} where ${condition} limit 1)`

test.each([
  [
    'an entry that is gone',
    `delete from entries where ${oneOf('entries', 'number = 7')}`,
    'how many entries there are',
  ],
  [
    'the last entry that is gone',
    `delete from entries where ${oneOf('entries', 'number = (select max(number) from entries as other where other.wallet_id = entries.wallet_id)')}`,
    'the last number',
  ],
  [
    'an entry of another amount',
    `update entries set amount_micros = amount_micros + 1 where ${oneOf('entries', "operation = 'charge' and amount_micros > 0")}`,
    'available is stored as',
  ],
  [
    'an entry of another lot',
    `update entries set lot_id = (select id from lots where lots.wallet_id = entries.wallet_id and id <> lot_id limit 1) where ${oneOf('entries', "operation = 'charge' and lot_id is not null")}`,
    'spent is stored as',
  ],
  [
    'an entry in another place of its transaction',
    `update entries set position = 5 where ${oneOf('entries', 'position = 1')}`,
    'has position 5, after an entry with position 0',
  ],
  [
    'more in a wallet',
    `update wallets set available_micros = available_micros + 1 where ${oneOf('wallets')}`,
    'available is stored as',
  ],
  [
    'a smaller debt',
    `update debts set open_micros = open_micros - 1 where ${oneOf('debts', 'open_micros > 0')}`,
    'owed in all debts is stored as',
  ],
  [
    'more in a lot that waits',
    `update waiting_lots set available_micros = available_micros + 1 where ${oneOf('waiting_lots')}`,
    'available in all lots is stored as',
  ],
  [
    'a lot that waits no more',
    `delete from waiting_lots where ${oneOf('waiting_lots', 'available_micros > 0')}`,
    'available in all lots is stored as',
  ],
  [
    'a lot that is nowhere granted',
    `delete from lots where ${oneOf('lots', `exists (select from waiting_lots where waiting_lots.id = lots.id)`)}`,
    'was never granted',
  ],
  [
    'a lot that is larger',
    `update lots set granted_micros = granted_micros + 1 where ${oneOf('lots')}`,
    'granted is stored as',
  ],
  [
    'a lot of which more expired',
    `update lots set expired_micros = expired_micros + 1 where ${oneOf('lots', 'expired_micros + revoked_micros < granted_micros')}`,
    'expired is stored as',
  ],
  [
    'a lot of which less was revoked',
    `update lots set revoked_micros = revoked_micros - 1 where ${oneOf('lots', 'revoked_micros > 0')}`,
    'revoked is stored as',
  ],
  [
    'a hold that ended and holds',
    `update holds set state = 'released', ended_at = now() where ${oneOf('holds', "state = 'placed' and amount_micros > from_shares_micros")}`,
    'held by all live holds is stored as',
  ],
  [
    'a hold of which more was captured',
    `update holds set captured_micros = captured_micros + 1 where ${oneOf('holds')}`,
    'captured is stored as',
  ],
  [
    'a hold that is gone',
    `delete from holds where ${oneOf('holds', 'amount_micros > 0')}`,
    'placed is stored as nothing',
  ],
  [
    'a refund that was larger',
    `update charge_refunds set refunded_micros = refunded_micros + 1 where ${oneOf('charge_refunds')}`,
    'refunded is stored as',
  ],
])('%s is found', async (_name, change, found) => {
  expect(await auditAfter(change)).toContain(found)
})

test('credits that were spent before they were there are found, though the sums add up', async () => {
  const { rows } = await client.query<Record<string, string>>(
    `select entry.wallet_id, entry.number as first, later.number as second from entries as entry join entries as later
       on later.wallet_id = entry.wallet_id and later.lot_id = entry.lot_id and later.operation = 'charge'
     where entry.operation = 'grant' limit 1`,
  )
  const [{ wallet_id: walletId, first, second } = {}] = rows
  const swapped = `update entries set number = case number when ${first} then ${second} else ${first} end + 1000000
    where wallet_id = '${walletId}' and number in (${first}, ${second})`
  expect(await auditAfter(swapped)).toMatch(/available of lot .* is -\d+ after entry/)
})
