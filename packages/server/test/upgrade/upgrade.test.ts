import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { migrationProvider, newestMigration } from '../../src/database/migrations/index.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { openPglite } from '../../src/database/pglite.ts'
import { openPostgres } from '../../src/database/postgres.ts'
import type { Tables } from '../../src/database/tables.ts'
import { createEngine, type Engine } from '../../src/engine.ts'
import type { Credits } from '../../src/kernel/credits.ts'
import { idMaker, type Uuid, walletId } from '../../src/kernel/ids.ts'
import { credits, newKey } from '../../src/ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import type { Receipt } from '../../src/ledger/operations.ts'
import { verify } from '../../src/ledger/verify.ts'
import { auditEntries } from '../audit/audit-entries.ts'
import { serve } from '../support/serving.ts'
import { createTestDatabase } from '../support/test-database.ts'

const catalog = defineCatalog({
  units: { credits: { name: 'Credits' }, images: { name: 'Images' } },
  actions: { chat: { credits: 1 }, poster: { credits: 2, unit: 'images' } },
  packs: { starter: pack({ name: 'Starter', credits: 100, price: usd(10) }) },
})

interface Told {
  readonly now: Date
  readonly holds: Readonly<Record<'anna' | 'ben' | 'carl', Uuid>>
  readonly balances: readonly {
    readonly customer: string
    readonly unit: string
    readonly balance: Readonly<Record<string, Credits>>
    readonly lots: readonly object[]
  }[]
  readonly answers: readonly {
    readonly method: 'grant' | 'charge' | 'hold' | 'capture' | 'release'
    readonly request: Readonly<Record<string, unknown>>
    readonly receipt: Partial<Receipt> & { readonly transactionId: Uuid }
  }[]
}

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, '__fixtures__', name), 'utf8')
}

/** What the version of a schema answered then. */
function told(schema: string): Told {
  return JSON.parse(fixture(`${schema}.json`), (_, value: unknown) => {
    if (typeof value !== 'string') return value
    if (/^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1))
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value
  }) as Told
}

/** Makes the schema as of a migration, and fills it as its version left it. */
async function fill(kysely: Kysely<Tables>, schema: string): Promise<void> {
  const all = Object.entries(await migrationProvider.getMigrations())
  const until = Object.fromEntries(all.slice(0, all.findIndex(([name]) => name === schema) + 1))
  const provider = { getMigrations: () => Promise.resolve(until) }
  const { error } = await new Migrator({ db: kysely, provider }).migrateToLatest()
  if (error !== undefined) throw error
  for (const statement of fixture(`${schema}.sql`).split(/(?<=;)\n/))
    if (statement !== '') await kysely.executeQuery(CompiledQuery.raw(statement))
}

/** What an older version left, to be opened twice. */
interface Left {
  readonly engine: { readonly url: string } | { readonly dataDir: string }
  readonly database: { readonly url: string } | { readonly dataDir: string }
}

async function oldUrl(schema: string): Promise<string> {
  const { url } = await createTestDatabase()
  const database = openPostgres({ url, onConnectionError: () => {} })
  await fill(database.kysely, schema)
  await database.close()
  return url
}

async function oldPostgres(schema: string): Promise<Left> {
  const url = await oldUrl(schema)
  return { engine: { url }, database: { url } }
}

const cleanUps: (() => Promise<void>)[] = []
afterAll(() => Promise.all(cleanUps.map((clean) => clean())))

async function oldPglite(schema: string): Promise<Left> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-upgrade-'))
  cleanUps.push(() => rm(folder, { recursive: true, force: true }))
  const [dataDir, copy] = [join(folder, 'left'), join(folder, 'copy')]
  const database = await openPglite({ dataDir })
  await fill(database.kysely, schema)
  await database.close()
  await cp(dataDir, copy, { recursive: true })
  return { engine: { dataDir }, database: { dataDir: copy } }
}

describe.each([
  ['0001-initial', 'PGlite', oldPglite],
  ['0001-initial', 'Postgres', oldPostgres],
])('what %s left on %s', (schema, _driver, open) => {
  const then = told(schema)
  let { now } = then
  let engine: Engine<typeof catalog>
  /** On Postgres the engine's own; on PGlite, where nobody else may come in, a second copy of what was left. */
  let database: Database
  let ledger: Ledger

  beforeAll(async () => {
    const old = await open(schema)
    engine = await createEngine({ catalog, database: old.engine, clock: () => now })
    database = await openDatabase({ ...old.database, clock: () => now })
    ledger = await createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) })
  })

  afterAll(async () => {
    await ledger.close()
    await database.close()
    await engine.close()
  })

  test('adds up as it is, for verify and for an auditor', async () => {
    expect(await ledger.verify()).toMatchObject({ entries: BigInt(entriesIn(schema)), differences: [] })
    const audit = await database.snapshot((tx) =>
      auditEntries(async (text) => (await sql.raw<Record<string, unknown>>(text).execute(tx.db)).rows),
    )
    expect(audit.differences).toEqual([])
  })

  test('has the balances and the lots that it had', async () => {
    expect(then.balances.length).toBeGreaterThan(5)
    for (const { customer, unit, balance, lots } of then.balances)
      expect(await engine.balance({ customer, unit: unit as 'credits' })).toMatchObject({ balance, lots })
  })

  test('answers under every key what was answered then, and nothing moves', async () => {
    expect(then.answers.length).toBeGreaterThan(80)
    for (const { method, request, receipt } of then.answers) {
      // A transaction had an id, and has a number.
      const { transactionId: _, ...same } = receipt
      const done = await engine[method](asAskedNow(request) as never)
      expect(done.receipt).toMatchObject(same)
    }
    expect((await engine.verify()).entries).toBe(BigInt(entriesIn(schema)))
  })

  test('is numbered without gaps, in the order in which it was recorded', async () => {
    const { entries } = await engine.entries({ customer: 'anna', limit: 100 })
    expect(entries.map(({ number }) => number)).toEqual(
      entries.map((_, index) => BigInt(entries.length - index)),
    )
    const times = entries.map(({ recordedAt }) => recordedAt.getTime())
    expect(times).toEqual(times.toSorted((a, b) => b - a))
  })

  test('names the lots that orders brought', async () => {
    const { rows } = await database.snapshot((tx) =>
      sql`select orders.id from orders join lots on lots.id = orders.lot_id and lots.order_id = orders.id
        where category = 'paid' and repays_debt`.execute(tx.db),
    )
    expect(rows).toHaveLength(1)
  })

  test('goes on: holds are captured, and a row with forty lots is shortened when it is written', async () => {
    const rowOfCarl = async () => {
      const { rows } = await database.snapshot((tx) =>
        sql<{ in_row: number; waiting: bigint }>`
          select cardinality(lot_ids) as in_row, (select count(*) from waiting_lots where wallet_id = wallets.id) as waiting
          from wallets where customer_id = 'carl'`.execute(tx.db),
      )
      return rows
    }
    const [before] = await rowOfCarl()
    expect(before?.in_row).toBeGreaterThan(20)
    expect(before?.waiting).toBe(0n)
    for (const [customer, holdId] of Object.entries(then.holds)) {
      const owner = { mode: 'test', customer, unit: 'credits' } as const
      const { balance } = await ledger.balance(owner)
      const spent = credits('3')
      const { hold } = await ledger.submit({
        kind: 'extend',
        walletId: walletId(owner),
        key: newKey(),
        holdId,
        timeToLiveMs: 1,
      })
      const amount = hold?.amount ?? 0n
      const captured = await ledger.submit({
        kind: 'capture',
        walletId: walletId(owner),
        key: newKey(),
        holdId,
        credits: spent,
      })
      expect(captured).toMatchObject({
        credits: spent,
        hold: { state: 'captured' },
        balance: { available: balance.available + amount - spent, held: balance.held - amount },
      })
    }
    const [after] = await rowOfCarl()
    expect(after?.in_row).toBe(16)
    expect(after?.waiting).toBeGreaterThan(4n)
    expect(await ledger.verify()).toMatchObject({ differences: [] })
  })

  test('settles what time did since, each at its own instant', async () => {
    now = new Date(now.getTime() + 40 * 86_400_000)
    for (const customer of ['anna', 'ben', 'carl', 'dora'])
      await engine.charge({ customer, credits: credits('1'), idempotencyKey: `much later ${customer}` })
    expect(await engine.verify()).toMatchObject({ differences: [] })
    const { entries } = await engine.entries({ customer: 'dora', limit: 100 })
    const lapse = entries.find(({ operation }) => operation === 'lapse')
    expect(lapse?.effectiveAt.getTime()).toBeLessThan(then.now.getTime())
    expect(lapse?.recordedAt).toEqual(now)
  })
})

/** How many entries a fixture has: one on a line. */
function entriesIn(schema: string): number {
  const [, rows = ''] = /insert into entries[^\n]*\n([\s\S]*?);\n/.exec(fixture(`${schema}.sql`)) ?? []
  return rows.split('\n').length
}

/** The request's fields, in today's words. */
function asAskedNow({ expiresAt, ...request }: Record<string, unknown>): object {
  return expiresAt === undefined ? request : { ...request, expiry: { at: expiresAt } }
}

test('several servers that start at once on what an earlier version left: one brings it up to date, and all have it', async () => {
  const url = await oldUrl('0001-initial')
  const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url })))
  const migrations = await opened[0]!.snapshot(async (tx) => {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
      tx.db,
    )
    return rows.map(({ name }) => name)
  })
  expect(migrations).toEqual(Object.keys(await migrationProvider.getMigrations()))
  expect((await verify(opened[1]!)).differences).toEqual([])
  await Promise.all(opened.map((database) => database.close()))
})

test('two processes that start at once on what an earlier version left both serve it', async () => {
  const url = await oldUrl('0001-initial')
  const servers = await Promise.all([serve({ DATABASE_URL: url }), serve({ DATABASE_URL: url })])
  for (const server of servers)
    expect(await server.get('/v1/customers/anna/balance')).toMatchObject({ debt: '0', unit: 'credits' })
  expect((await servers[0].post('/v1/verify', {})).body).toMatchObject({ differences: [] })
  await Promise.all(servers.map((server) => server.kill('SIGTERM')))
})

test('a database that a newer version has migrated is refused, in words, and left as it is', async () => {
  const { url } = await createTestDatabase()
  const current = await openDatabase({ url })
  await current.transaction((tx) =>
    sql`insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2099')`.execute(
      tx.db,
    ),
  )
  await current.close()
  await expect(openDatabase({ url })).rejects.toMatchObject({
    code: 'database_newer',
    retryable: false,
    message: expect.stringContaining(newestMigration ?? ''),
  })
})
