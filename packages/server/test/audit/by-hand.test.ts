import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { idMaker } from '../../src/kernel/ids.ts'
import { chargeOf, grantOf, newOwner } from '../../src/ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import { createTestDatabase } from '../support/test-database.ts'

let database: Database
let ledger: Ledger
/** A person in psql, with all of Postgres's power. */
let psql: Client

beforeAll(async () => {
  const { url } = await createTestDatabase()
  database = await openDatabase({ url })
  ledger = await createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) })
  const owner = newOwner()
  await ledger.submit(grantOf(owner, '10'))
  for (let charge = 0; charge < 3; charge += 1) await ledger.submit(chargeOf(owner, '1'))
  psql = new Client({ connectionString: url })
  await psql.connect()
})

afterAll(async () => {
  await psql.end()
  await ledger.close()
  await database.close()
})

test.each([
  'update entries set amount_micros = amount_micros + 1 where number = 2',
  'update entries set description = null where false',
  'delete from entries where number = 2',
  'delete from only entries',
  'truncate entries',
  'truncate wallets cascade',
  'insert into entries select * from entries on conflict (wallet_id, number) do update set amount_micros = 1',
  'merge into entries using wallets on wallet_id = id when matched then delete',
  'with gone as (delete from entries returning *) select * from gone',
  'delete from lots',
  'update lots set granted_micros = 1',
])('not even a superuser: %s', async (statement) => {
  await expect(psql.query(statement)).rejects.toThrow('never changed')
  expect(await ledger.verify()).toMatchObject({ entries: 4n, differences: [] })
})

test('the person of these tests has the power of a superuser', async () => {
  const { rows } = await psql.query("select current_setting('is_superuser') as is_superuser")
  expect(rows).toEqual([{ is_superuser: 'on' }])
})

test.each([
  ['switches the triggers off', 'alter table entries disable trigger all'],
  ['says that the session replicates', "set session_replication_role = 'replica'"],
])('one who %s can, and verify names what is missing', async (_, switchOff) => {
  await psql.query('begin')
  await psql.query(switchOff)
  await psql.query('create temp table kept as select * from entries where number = 3')
  await psql.query('delete from entries where number = 3')
  await psql.query('commit')
  const { differences } = await ledger.verify()
  expect(differences.map(({ what }) => what)).toEqual([
    'wallet available',
    'wallet entry count',
    'lot available',
    'available after entry 4',
  ])
  await psql.query('insert into entries select * from kept; drop table kept')
  await psql.query("alter table entries enable trigger all; set session_replication_role = 'origin'")
  expect((await ledger.verify()).differences).toEqual([])
})
