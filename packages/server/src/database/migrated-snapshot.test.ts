import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { loadSnapshot, migratedSnapshot, type SnapshotPlaces } from './migrated-snapshot.ts'
import { newestMigration } from './migrations/index.ts'
import { openDatabase } from './open-database.ts'

const name = 'snapshot-x.tar.gz'
let folder: string
let made: number
let places: SnapshotPlaces

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  made = 0
  places = {
    name,
    shippedIn: folder,
    keptIn: join(folder, 'kept'),
    make: () => {
      made += 1
      return Promise.resolve(gzipSync(`made ${made}`))
    },
  }
})

const load = async (changed: Partial<SnapshotPlaces> = {}) =>
  (await loadSnapshot({ ...places, ...changed })).text()

test('a database from the snapshot is migrated, empty, and takes writes', async () => {
  const database = await openDatabase({ dataDir: undefined, snapshot: await migratedSnapshot() })
  onTestFinished(() => database.close())
  const rows = await database.transaction(async (tx) => {
    await tx.db.insertInto('customers').values({ mode: 'test', id: 'ada', created_at: tx.now }).execute()
    // More than the log that the snapshot carries.
    await sql`create table filler as select repeat(md5(n::text), 8) as text from generate_series(1, 100000) as n`.execute(
      tx.db,
    )
    return sql<{ name: string }>`select name from kysely_migration order by name desc`.execute(tx.db)
  })
  expect(rows.rows[0]?.name).toBe(newestMigration)
})

test('a snapshot is made once, and kept where nobody else can read', async () => {
  expect(await load()).toBe('made 1')
  expect(await load()).toBe('made 1')
  expect(statSync(places.keptIn).mode & 0o777).toBe(0o700)
  expect(readdirSync(places.keptIn)).toEqual([name])
})

test('another content has another name and is made', async () => {
  expect(await load()).toBe('made 1')
  expect(await load({ name: 'snapshot-y.tar.gz' })).toBe('made 2')
})

test('a shipped one stands before all others', async () => {
  await load()
  writeFileSync(join(folder, name), gzipSync('shipped'))
  expect(await load()).toBe('shipped')
})

test('a file that was cut short is made anew', async () => {
  await load()
  writeFileSync(join(places.keptIn, name), gzipSync('made 1').subarray(0, 10))
  expect(await load()).toBe('made 2')
  expect(await load()).toBe('made 2')
})

test('many starters at once leave one whole file', async () => {
  await Promise.all(Array.from({ length: 8 }, () => load()))
  expect(readdirSync(places.keptIn)).toEqual([name])
  expect(await load()).toMatch(/^made \d$/)
  expect(made).toBe(8)
})

test('a folder that others may write to is neither believed nor used', async () => {
  mkdirSync(places.keptIn)
  chmodSync(places.keptIn, 0o777)
  writeFileSync(join(places.keptIn, name), gzipSync('planted'))
  expect(await load()).toBe('made 1')
  expect(await load()).toBe('made 2')
})

test('what nobody wrote for a week is removed', async () => {
  mkdirSync(places.keptIn, { mode: 0o700 })
  const old = join(places.keptIn, `snapshot-old.tar.gz.${randomUUID()}`)
  writeFileSync(old, '')
  const eightDaysAgo = Date.now() / 1000 - 8 * 86_400
  utimesSync(old, eightDaysAgo, eightDaysAgo)
  await load()
  expect(readdirSync(places.keptIn)).toEqual([name])
})
