/** Two processes on the same wallets of one Postgres. */
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningPostgres, startPostgres } from '../../../../tools/postgres/start-postgres.ts'
import { type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import {
  chargeOf,
  credits,
  grantOf,
  holdOf,
  newKey,
  newOwner,
} from '../../src/ledger/__fixtures__/operations.ts'
import type { Operation } from '../../src/ledger/operations.ts'
import { auditEntries } from '../audit/audit-entries.ts'
import { createTestDatabase } from '../support/test-database.ts'
import { type Answer, askInTurn, type LedgerProcess, openLedgerProcess, tallyOf } from './processes.ts'

type Processes = readonly [LedgerProcess, LedgerProcess]

async function openTwo(url: string): Promise<Processes> {
  return Promise.all([openLedgerProcess(url), openLedgerProcess(url)])
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function fundedOwners(processes: Processes, count: number, decimal: string): Promise<WalletOwner[]> {
  const owners = Array.from({ length: count }, newOwner)
  const answers = await askInTurn(
    processes,
    owners.map((owner) => grantOf(owner, decimal)),
  )
  expect(tallyOf(answers)).toEqual({ ok: count })
  return owners
}

async function auditOf(client: Client) {
  return auditEntries(async (sql) => (await client.query(sql)).rows)
}

async function availableOf(client: Client, owners: readonly WalletOwner[]): Promise<bigint> {
  const { rows } = await client.query(
    'select coalesce(sum(available_micros), 0) as sum from wallets where customer_id = any ($1)',
    [owners.map((owner) => owner.customer)],
  )
  return BigInt(rows[0].sum)
}

/**
 * What the outage left unanswered is asked again under its keys, of the other process too, until all is answered.
 *
 * @returns how often something was asked again
 */
async function settle(
  processes: Processes,
  operations: readonly Operation[],
  answers: readonly Answer[],
): Promise<number> {
  let [left, told] = [operations, answers]
  let repeats = 0
  const triesMax = 1000
  for (let tries = 0; tries < triesMax; tries += 1) {
    left = left.filter((_, index) => !told[index]!.ok)
    if (left.length === 0) return repeats
    repeats += left.length
    expect(Object.keys(tallyOf(told.filter((answer) => !answer.ok)))).toEqual(['database_unavailable'])
    left = left.toReversed()
    told = await askInTurn(processes, left)
  }
  throw new Error(`${left.length} operations were never answered.`)
}

describe('two processes on one Postgres', () => {
  let processes: Processes
  let admin: Client

  beforeAll(async () => {
    const { url } = await createTestDatabase()
    // Both at once, on an empty database: they migrate it side by side.
    processes = await openTwo(url)
    admin = await connected(url)
  })
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.close()))
    await admin.end()
  })

  test('20 charges of 75 on 500: exactly 6 succeed, on each of 20 wallets', async () => {
    const owners = await fundedOwners(processes, 20, '500')
    const charges = Array.from({ length: 20 }, () => owners.map((owner) => chargeOf(owner, '75'))).flat()
    expect(tallyOf(await askInTurn(processes, charges))).toEqual({ ok: 120, insufficient_credits: 280 })
    expect(await availableOf(admin, owners)).toBe(20n * credits('50'))
  })

  test('a limit of 100 under 500 charges of 1 lets exactly 100 through', async () => {
    const owners = await fundedOwners(processes, 1, '1000')
    const limits = [{ name: 'customer', window: 'day', max: credits('100') }] as const
    const charges = Array.from({ length: 500 }, () => chargeOf(owners[0]!, '1', { limits }))
    expect(tallyOf(await askInTurn(processes, charges))).toEqual({ ok: 100, limit_exceeded: 400 })
    expect(await availableOf(admin, owners)).toBe(credits('900'))
  })

  test('one key through both at once happens once, and both hear the same', async () => {
    const owners = await fundedOwners(processes, 1, '10')
    const charge = chargeOf(owners[0]!, '3')
    const answers = await askInTurn(processes, Array(40).fill(charge))
    expect(new Set(answers.map((answer) => answer.ok && answer.transaction)).size).toBe(1)
    expect(await availableOf(admin, owners)).toBe(credits('7'))
  })

  test('the first grants of a wallet through both at once, by both doors: one wallet, and all of them', async () => {
    const owners = Array.from({ length: 20 }, newOwner)
    const grants = () => owners.map((owner) => grantOf(owner, '1'))
    const answers = await Promise.all(
      processes.flatMap((one) => [one.ask('transaction', grants()), one.ask('lane', grants())]),
    )
    expect(tallyOf(answers.flat())).toEqual({ ok: 4 * 20 })
    expect(await availableOf(admin, owners)).toBe(80n * credits('1'))
  })

  test('a hold that one captures and the other releases ends once', async () => {
    const owners = await fundedOwners(processes, 20, '10')
    await askInTurn(
      processes,
      owners.map((owner) => holdOf(owner, '10')),
    )
    const { rows } = await admin.query('select wallet_id, id from holds where wallet_id = any ($1)', [
      owners.map(walletId),
    ])
    const endsOf = (hold: { wallet_id: string; id: string }): Operation[] => {
      const common = { walletId: hold.wallet_id, holdId: hold.id }
      return [
        { kind: 'capture', ...common, key: newKey(), credits: undefined },
        { kind: 'release', ...common, key: newKey() },
      ]
    }
    const [many, few] = [rows.slice(0, 14), rows.slice(14)]
    const ends = many.flatMap(endsOf)
    expect(tallyOf(await askInTurn(processes, ends))).toEqual({ ok: 14, hold_already_ended: 14 })
    // Each by itself, too: a batch that the database refuses is halved and run again, which would mend what was read too early.
    for (const hold of few)
      expect(tallyOf(await askInTurn(processes, endsOf(hold)))).toEqual({ ok: 1, hold_already_ended: 1 })
  })

  test('a charge that both refund is refunded once', async () => {
    const owners = await fundedOwners(processes, 20, '20')
    const chargeAll = () =>
      askInTurn(
        processes,
        owners.map((owner) => chargeOf(owner, '10')),
      )
    const charges = await chargeAll()
    // Of the same lots, so that there is something spent which a second refund could take.
    await chargeAll()
    const refunds = () =>
      owners.map((owner, index): Operation => {
        const charge = charges[index]!
        return {
          kind: 'refund',
          walletId: walletId(owner),
          key: newKey(),
          transaction: charge.ok ? charge.transaction : 0n,
          credits: undefined,
          reason: undefined,
        }
      })
    const answers = await Promise.all(processes.map((one) => one.ask('transaction', refunds())))
    expect(tallyOf(answers.flat())).toEqual({ ok: 20, refund_exceeds_charge: 20 })
    expect(await availableOf(admin, owners)).toBe(20n * credits('10'))
  })

  test('what one process is asked of one wallet happens in that order', async () => {
    const owners = await fundedOwners(processes, 1, '1500')
    const charges = Array.from({ length: 1500 }, () => chargeOf(owners[0]!, '1'))
    expect(tallyOf(await processes[0].ask('lane', charges))).toEqual({ ok: 1500 })
    const { rows } = await admin.query(
      'select key from entries where wallet_id = $1 and key = any ($2) order by number',
      [walletId(owners[0]!), charges.map((charge) => charge.key.id)],
    )
    expect(rows.map(({ key }) => key)).toEqual(charges.map((charge) => charge.key.id))
  })

  test('transactions over many wallets, forwards and backwards, against busy lanes: nobody waits in a circle', async () => {
    const owners = await fundedOwners(processes, 30, '100')
    const lanes = askInTurn(
      processes,
      Array.from({ length: 1200 }, (_, index) => chargeOf(owners[index % owners.length]!, '1')),
    )
    const transactions = Array.from({ length: 60 }, (_, index) => {
      const grants = owners.map((owner) => grantOf(owner, '1'))
      return processes[index % 2]!.ask('transaction', index % 4 < 2 ? grants : grants.toReversed())
    })
    expect(tallyOf(await lanes)).toEqual({ ok: 1200 })
    expect(tallyOf((await Promise.all(transactions)).flat())).toEqual({ ok: 60 * 30 })
    expect(await availableOf(admin, owners)).toBe(
      30n * credits('100') + 1800n * credits('1') - 1200n * credits('1'),
    )
    const { rows } = await admin.query(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    expect(rows).toEqual([{ deadlocks: '0' }])
  })

  test('connections cut in the middle of transactions: everything is settled by its key, once', async () => {
    const owners = await fundedOwners(processes, 40, '100')
    const charges = Array.from({ length: 3000 }, (_, index) => chargeOf(owners[index % owners.length]!, '1'))
    const settled = new AbortController()
    const load = askInTurn(processes, charges)
      .then((answers) => settle(processes, charges, answers))
      .finally(() => settled.abort())
    let cut = 0
    const cutMax = 12
    while (!settled.signal.aborted && cut < cutMax) {
      const { rows } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null`,
      )
      cut += rows.length
    }
    const repeats = await load
    const { rows } = await admin.query(
      'select count(*), count(distinct key) as keys from entries where key = any ($1)',
      [charges.map((charge) => charge.key.id)],
    )
    expect(rows).toEqual([{ count: '3000', keys: '3000' }])
    expect(await availableOf(admin, owners)).toBe(40n * credits('25'))
    expect(cut).toBeGreaterThan(0)
    expect(repeats).toBeGreaterThan(0)
  })

  test('leave books that balance', async () => {
    expect(await auditOf(admin)).toMatchObject({ differences: [] })
  })
})

describe('a Postgres that goes away under load and comes back', () => {
  let postgres: RunningPostgres
  let processes: Processes

  beforeAll(async () => {
    postgres = await startPostgres()
    processes = await openTwo(postgres.url)
  })
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.close()))
    await postgres.stop()
  })

  test.each(['fast', 'immediate', 'kill'] as const)(
    'keeps all that was acknowledged (%s); the processes find it again, and settle the rest by its keys',
    async (how) => {
      const owners = await fundedOwners(processes, 40, '100')
      const charges = Array.from({ length: 2000 }, (_, index) =>
        chargeOf(owners[index % owners.length]!, '1'),
      )

      // Some before, many on the way when it goes, some while it is away.
      const before = await askInTurn(processes, charges.slice(0, 400))
      const meanwhile = askInTurn(processes, charges.slice(400, 1600))
      await postgres.halt(how)
      const answers = [...before, ...(await meanwhile), ...(await askInTurn(processes, charges.slice(1600)))]
      expect(tallyOf(answers.slice(1600))).toEqual({ database_unavailable: 400 })
      await postgres.start()

      const client = await connected(postgres.url)
      const acknowledged = charges.filter((_, index) => answers[index]!.ok)
      const { rows } = await client.query('select key from entries where key = any ($1)', [
        acknowledged.map((charge) => charge.key.id),
      ])
      expect(rows).toHaveLength(acknowledged.length)

      await settle(processes, charges, answers)
      expect(await availableOf(client, owners)).toBe(40n * credits('50'))
      expect(await auditOf(client)).toMatchObject({ differences: [] })
      await client.end()
    },
  )
})
