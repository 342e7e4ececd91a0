import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/test-database.ts'
import { laneSettings } from '../database/postgres.ts'
import { createEngine, creditsFromDecimal, defineCatalog, type Engine } from '../index.ts'
import { zeroCredits } from '../kernel/credits.ts'
import * as statements from './statements.ts'

/** By which columns of which index each statement reaches rows. Those that are not named insert. */
const reached: Record<string, string[]> = {
  ledger_lock_wallets: ['wallets_pkey(id)'],
  ledger_read_wallets: ['wallets_pkey(id)'],
  ledger_read_owners: ['wallets_pkey(id)'],
  ledger_read_bound_keys: ['entries_key(key)', 'entries_pkey(wallet_id, number)'],
  ledger_read_transactions: ['entries_pkey(wallet_id, number)', 'entries_pkey(wallet_id, number)'],
  ledger_read_holds: ['holds_pkey(wallet_id, id)'],
  ledger_read_live_holds: ['holds_that_may_lapse(wallet_id)'],
  ledger_read_lots: ['lots_pkey(wallet_id, id)'],
  ledger_read_waiting_lots: ['waiting_lots_pkey(wallet_id)'],
  ledger_read_newest_lots: ['lots_pkey(wallet_id, id)', 'lots_pkey(wallet_id, id)'],
  ledger_read_newest_waiting_lots: ['waiting_lots_pkey(wallet_id, id)', 'waiting_lots_pkey(wallet_id, id)'],
  ledger_read_open_debts: ['debts_open(wallet_id)'],
  ledger_read_debts: ['debts_pkey(wallet_id, transaction)'],
  ledger_read_refunds: ['charge_refunds_pkey(wallet_id, transaction)'],
  ledger_read_counts: ['limit_counts_pkey(wallet_id, name)'],
  ledger_update_lots: ['lots_pkey(wallet_id, id)'],
  ledger_update_holds: ['holds_pkey(wallet_id, id)'],
  ledger_update_wallet_sums: ['wallets_pkey(id)'],
  ledger_update_wallets: ['wallets_pkey(id)'],
  ledger_delete_waiting_lots: ['waiting_lots_pkey(wallet_id, id)'],
  ledger_take_from_counts: ['limit_counts_pkey(wallet_id, name, starts_at)'],
}

let database: TestDatabase
let engine: Engine
let client: Client
/** As readers have it: without the lanes' settings. */
let reader: Client

beforeAll(async () => {
  database = await createTestDatabase()
  engine = await createEngine({
    catalog: defineCatalog({ units: { credits: { name: 'Credits' } }, actions: {} }),
    database: { url: database.url },
  })
  client = new Client({ connectionString: database.url, options: laneSettings })
  reader = new Client({ connectionString: database.url })
  await Promise.all([client.connect(), reader.connect()])
})

afterAll(async () => {
  await Promise.all([client.end(), reader.end()])
  await engine.close()
})

test('each statement reaches rows by their keys, whatever was counted of the tables', async () => {
  expect(await reachedNow(), 'never counted').toEqual(reached)
  await client.query('vacuum analyze')
  expect(await reachedNow(), 'counted while all was empty').toEqual(reached)
  await inEachWallet((customer, idempotencyKey) =>
    engine.grant({ customer, credits, source: 'promotion', name: 'All', idempotencyKey }),
  )
  await client.query('vacuum analyze')
  expect(await reachedNow(), 'counted when each wallet had one entry').toEqual(reached)
  await inEachWallet((customer, idempotencyKey) =>
    engine.hold({
      customer,
      credits,
      limits: [{ by: 'customer', window: 'day', max: credits }],
      idempotencyKey,
    }),
  )
  await client.query('vacuum analyze')
  expect(await reachedNow(), 'counted when each wallet had one hold').toEqual(reached)
})

test('without these settings too, a page of lots is reached by their keys, counted before the wallet had many', async () => {
  await Promise.all(
    Array.from({ length: 2000 }, () =>
      engine.grant({
        customer: 'customer_0',
        credits,
        source: 'promotion',
        name: 'One of many',
        idempotencyKey: crypto.randomUUID(),
      }),
    ),
  )
  const found = await reachedNow(reader)
  for (const name of ['ledger_read_newest_lots', 'ledger_read_newest_waiting_lots'])
    expect(found[name]).toEqual(reached[name])
})

const credits = creditsFromDecimal('10') ?? zeroCredits

async function inEachWallet(
  act: (customer: string, idempotencyKey: string) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: 200 }, (_, number) => act(`customer_${number}`, crypto.randomUUID())),
  )
}

async function reachedNow(asked: Client = client): Promise<Record<string, string[]>> {
  const columnsOf = await columnsByIndex()
  const found: Record<string, string[]> = {}
  for (const { name, text } of Object.values(statements)) {
    const { rows } = await asked.query(`explain (generic_plan, format json) ${text}`)
    const scans = scansOf(rows[0]['QUERY PLAN'][0].Plan)
    if (scans.length > 0)
      found[name] = scans.map(({ type, index, condition }) =>
        type === 'Index Scan'
          ? `${index}(${columnsOf(index)
              .filter((column) => new RegExp(`\\b${column} (=|>=|<)`).test(condition))
              .join(', ')})`
          : `${type}(${index})`,
      )
  }
  return found
}

async function columnsByIndex(): Promise<(index: string) => string[]> {
  const { rows } = await client.query<{ index: string; columns: string[] }>(
    `select indexrelid::regclass::text as index, array_agg(attname::text order by ordinality) as columns
      from pg_index, unnest(indkey::int[]) with ordinality as key (attnum, ordinality), pg_attribute
      where attrelid = indrelid and pg_attribute.attnum = key.attnum group by 1`,
  )
  return (index) => rows.find((row) => row.index === index)?.columns ?? []
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/** How rows of tables are reached, the outermost first. */
function scansOf(node: PlanNode): { type: string; index: string; condition: string }[] {
  const type = node['Node Type']
  const inner = (node.Plans ?? []).flatMap(scansOf)
  if (!type.endsWith('Scan') || node['Relation Name'] === undefined) return inner
  return [{ type, index: node['Index Name'] ?? '', condition: node['Index Cond'] ?? '' }, ...inner]
}
