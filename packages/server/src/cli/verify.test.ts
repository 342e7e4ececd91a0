import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase, postgresUrl } from '../../test/support/test-database.ts'
import { makingMark } from '../database/folder-in-making.ts'
import { newestMigration } from '../database/migrations/index.ts'
import { openDatabase } from '../database/open-database.ts'
import type { Environment } from './environment.ts'
import { paymentsCommand } from './payments.ts'
import { verifyCommand } from './verify.ts'

let said: string[]

beforeEach(() => {
  said = []
  const spies = [vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
  for (const spy of spies) spy.mockImplementation((line) => void said.push(String(line)))
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
    process.exitCode = 0
  })
})

async function verify(environment: Environment) {
  said = []
  const code = await verifyCommand(environment)
  return { code, said: said.join('\n') }
}

/** Another command that wants what is there. */
async function listPayments(environment: Environment) {
  said = []
  const complete = {
    ...environment,
    TALLYSTICK_CONFIG: new URL('../../../../apps/studio/tallystick.config.ts', import.meta.url).pathname,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
  }
  await paymentsCommand(() => complete).parseAsync(['list'], { from: 'user' })
  return { code: process.exitCode, said: said.join('\n') }
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-verify-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A Postgres, and what is in it. */
async function newPostgres() {
  const { url } = await createTestDatabase()
  const client = new Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  const tables = async () => {
    const { rows } = await client.query<{ names: string }>(
      `select coalesce(string_agg(table_schema || '.' || table_name, ' ' order by table_name), '') as names
       from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')`,
    )
    return rows[0]?.names
  }
  return { url, client, tables, environment: { DATABASE_URL: url } }
}

async function migrated(url: string): Promise<void> {
  const database = await openDatabase({ url })
  await database.close()
}

describe.each([
  ['verify', verify],
  ['payments list', listPayments],
])('%s', (_name, run) => {
  test('refuses a Postgres that has no tables of ours, and makes none', async () => {
    const { environment, tables } = await newPostgres()
    expect(await run(environment)).toEqual({
      code: 1,
      said: 'The database has no tables of Tallystick. Is DATABASE_URL, or TALLYSTICK_DATA (--data), right? Nothing was made: `tallystick serve` makes a new one.',
    })
    expect(await tables()).toBe('')
  })

  test('refuses a folder that is not there, and makes none', async () => {
    const folder = join(await newFolder(), 'mistyped')
    expect(await run({ TALLYSTICK_DATA: folder })).toEqual({
      code: 1,
      said: `There is no database in ${folder}/db. Is TALLYSTICK_DATA (--data) right? Nothing was made: \`tallystick serve\` makes a new one.`,
    })
    expect(existsSync(folder)).toBe(false)
  })

  test('refuses an older database, and leaves it as old as it is', async () => {
    const { client, url, environment, tables } = await newPostgres()
    await migrated(url)
    await client.query('delete from kysely_migration where name = $1', [newestMigration])
    const before = await tables()
    expect(await run(environment)).toEqual({
      code: 1,
      said: `The database is older than this Tallystick: it lacks ${newestMigration}. Nothing was changed. Start the server of this version, which brings it up to date, or use the version that runs on it.`,
    })
    const { rows } = await client.query('select from kysely_migration where name = $1', [newestMigration])
    expect(rows).toEqual([])
    expect(await tables()).toBe(before)
  })
})

test('a newer database is refused', async () => {
  const { client, url, environment } = await newPostgres()
  await migrated(url)
  await client.query("insert into kysely_migration (name, timestamp) values ('9999-later', '')")
  expect(await verify(environment)).toEqual({
    code: 1,
    said: `The database is newer than this Tallystick, which knows migrations up to ${newestMigration}. Install the newer version.`,
  })
})

test('the tables of another program, kept by the same means, are none of ours', async () => {
  const { client, environment } = await newPostgres()
  await client.query("create table kysely_migration as select 'init'::text as name")
  expect(await verify(environment)).toMatchObject({
    code: 1,
    said: expect.stringContaining('no tables of Tallystick'),
  })
})

test('a database that is not there is told in words', async () => {
  const url = new URL(await postgresUrl())
  url.pathname = '/mistyped'
  expect(await verify({ DATABASE_URL: url.href })).toEqual({
    code: 1,
    said: 'There is no such database: database "mistyped" does not exist. Is DATABASE_URL right? Nothing was made: `tallystick serve` makes a new one.',
  })
})

test('a folder whose database was never made whole is refused, and left as it is', async () => {
  const folder = await newFolder()
  const dataDir = join(folder, 'db')
  const files = [join(dataDir, makingMark), join(dataDir, 'postgres', 'PG_VERSION')]
  await mkdir(join(dataDir, 'postgres'), { recursive: true })
  await Promise.all(files.map((file) => writeFile(file, '')))
  expect(await verify({ TALLYSTICK_DATA: folder })).toMatchObject({
    code: 1,
    said: expect.stringContaining(`There is no database in ${dataDir}.`),
  })
  expect(files.map((file) => existsSync(file))).toEqual([true, true])
})

test('a ledger in which nothing ever happened passes, and is said to be empty', async () => {
  const { url, environment } = await newPostgres()
  await migrated(url)
  expect(await verify(environment)).toEqual({
    code: 0,
    said: 'There is nothing in the ledger: no wallet was checked.',
  })
})
