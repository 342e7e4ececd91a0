import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEntries } from '../../test/audit/audit-entries.ts'
import { keepBusy } from '../../test/support/busy-ledger.ts'
import { createTestDatabase } from '../../test/support/test-database.ts'
import type { Database, Transaction } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { idMaker, walletId } from '../kernel/ids.ts'
import { chargeOf, credits, grantOf, holdOf, newId, newKey, newOwner } from './__fixtures__/operations.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type {
  CaptureOperation,
  CheckpointOperation,
  ExtendOperation,
  HoldOperation,
  ReleaseOperation,
} from './operations.ts'
import { shareBefore, verifySlice, verifySlices } from './verify.ts'

const newLedger = (database: Database) =>
  createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) })

type Asked<Of> = Omit<Of, 'walletId' | 'key'>
type AskedOfHold =
  | Asked<CaptureOperation>
  | Asked<ReleaseOperation>
  | Asked<CheckpointOperation>
  | Asked<ExtendOperation>

/** The order of 30 credits that a lot came from. */
async function insertOrder(tx: Transaction, { orderId, lotId }: { orderId: string; lotId: string }) {
  const { rows } = await sql<{ id: number }>`
    insert into catalogs (hash, body, first_used_at) values ('h', '{}', ${tx.now}) returning id`.execute(
    tx.db,
  )
  await tx.db
    .insertInto('orders')
    .values({
      id: orderId,
      mode: 'test',
      customer_id: 'ada',
      pack: 'power',
      pack_name: 'Power',
      quantity: 1,
      unit: 'credits',
      credits_micros: 30_000_000n,
      amount_minor: 1000n,
      currency: 'USD',
      catalog_id: rows[0]?.id ?? 0,
      state: 'credited',
      provider: 'dodo',
      payment_id: 'pay_1',
      lot_id: lotId,
      key: newId(),
      fingerprint: 0n,
      created_at: tx.now,
      paid_at: tx.now,
      credited_at: tx.now,
    })
    .execute()
}

describe.each([
  ['PGlite', (clock: () => Date) => openDatabase({ dataDir: undefined, clock })],
  ['Postgres', async (clock: () => Date) => openDatabase({ url: (await createTestDatabase()).url, clock })],
])('on %s', (driver, open) => {
  let now = new Date()
  let database: Database
  let ledger: Ledger
  /** Has spent, holds, and has been given back; of two lots. */
  const ordinary = newOwner()
  const owing = newOwner()
  /** Has twenty lots, four of which wait. */
  const rich = newOwner()
  /** Bought its lot, and has a hold of each end: by capture 3, by release 4, by lapse 5 and 6, and none yet 7. */
  const holding = newOwner()
  const ids = {
    ordinary: walletId(ordinary),
    owing: walletId(owing),
    rich: walletId(rich),
    holding: walletId(holding),
  }

  beforeAll(async () => {
    database = await open(() => now)
    ledger = await newLedger(database)
    await ledger.submit(grantOf(ordinary, '10', { source: 'purchase', priority: 1 }))
    await ledger.submit(grantOf(ordinary, '5', { expiry: { afterDays: 30 }, scope: ['chat'] }))
    const charged = await ledger.submit(chargeOf(ordinary, '3'))
    await ledger.submit({
      ...of(ids.ordinary),
      kind: 'refund',
      transaction: charged.transaction,
      credits: credits('1'),
      reason: undefined,
    })
    const held = await ledger.submit(holdOf(ordinary, '4'))
    await ledger.submit({
      ...of(ids.ordinary),
      kind: 'capture',
      holdId: held.hold?.id ?? '',
      credits: credits('1'),
      isFinal: false,
    })

    await ledger.submit(grantOf(owing, '2', { source: 'purchase' }))
    const over = await ledger.submit(holdOf(owing, '2'))
    await ledger.submit({
      ...of(ids.owing),
      kind: 'capture',
      holdId: over.hold?.id ?? '',
      credits: credits('5'),
      above: 'owe',
    })
    await ledger.submit(grantOf(owing, '1', { source: 'purchase' }))

    for (let lot = 0; lot < 20; lot += 1) await ledger.submit(grantOf(rich, '1'))

    const orderId = newId()
    const paid = { amountMinor: 1000n, currency: 'USD' }
    const bought = await ledger.submit(grantOf(holding, '30', { source: 'purchase', paid, orderId }))
    await database.transaction((tx) => insertOrder(tx, { orderId, lotId: bought.shares[0]?.lotId ?? '' }))
    const minuteMs = 60_000
    const place = async (amount: string, minutes: number, onLapse?: HoldOperation['onLapse']) => {
      const { hold } = await ledger.submit(holdOf(holding, amount, minutes * minuteMs, { onLapse }))
      return hold?.id ?? ''
    }
    const ask = (operation: AskedOfHold) => ledger.submit({ ...of(ids.holding), ...operation })
    await ask({ kind: 'capture', holdId: await place('3', 60), credits: credits('2') })
    await ask({ kind: 'release', holdId: await place('4', 60) })
    await place('5', 1, 'charge_all')
    const checked = await place('6', 1, 'charge_checkpoint')
    await ask({ kind: 'capture', holdId: checked, credits: credits('1'), isFinal: false })
    await ask({ kind: 'checkpoint', holdId: checked, credits: credits('3') })
    const live = await place('7', 30)
    // Refused, and remembered.
    await Promise.allSettled([ask({ kind: 'capture', holdId: live, credits: credits('9') })])
    await ask({ kind: 'checkpoint', holdId: live, credits: credits('3') })
    await ask({ kind: 'extend', holdId: live, timeToLiveMs: 60 * minuteMs })
    now = new Date(now.getTime() + 2 * minuteMs)
    await ask({ kind: 'capture', holdId: live, credits: credits('1'), isFinal: false })
  })

  afterAll(async () => {
    await ledger.close()
    await database.close()
  })

  const of = (id: string) => ({ walletId: id, key: newKey() })

  const withIds = (text: string) =>
    text.replaceAll(/<(\w+)>/g, (_, name: keyof typeof ids) => `'${ids[name]}'`)

  /** What verify says of a change that only somebody with the database's whole power could make; it is undone. */
  async function differencesAfter(change: string): Promise<string[]> {
    const undone = new Error('undone', { cause: [] })
    await database
      .transaction(async (tx) => {
        await sql`set local session_replication_role = replica`.execute(tx.db)
        const { numAffectedRows } = await sql.raw(withIds(change)).execute(tx.db)
        if (numAffectedRows !== 1n) throw new Error(`${change} changed ${numAffectedRows} rows.`)
        const { differences } = await verifySlice(tx, {})
        undone.cause = differences.map(({ what }) => what.replace(/[0-9a-f-]{36}/, 'H'))
        throw undone
      })
      .catch((error: unknown) => {
        if (error !== undone) throw error
      })
    return undone.cause as string[]
  }

  const wallet = (set: string, which: keyof typeof ids = 'ordinary') =>
    `update wallets set ${set} where id = <${which}>`
  const entry = (number: number, set: string, which: keyof typeof ids = 'ordinary') =>
    `update entries set ${set} where wallet_id = <${which}> and number = ${number}`
  const lot = (set: string, which: keyof typeof ids = 'ordinary') =>
    `update lots set ${set} where wallet_id = <${which}> and id = (select min(id::text)::uuid from lots where wallet_id = <${which}>)`
  const hold = (amount: number, set: string) =>
    `update holds set ${set} where wallet_id = <holding> and amount_micros = ${amount}000000`
  const unbound = 'key = null, fingerprint = null, available_after_micros = null'
  const row = (table: string, set: string, which: keyof typeof ids = 'ordinary') =>
    `update ${table} set ${set} where wallet_id = <${which}>`
  const oneWaiting = `wallet_id = <rich> and id = (select max(id::text)::uuid from waiting_lots where wallet_id = <rich>)`

  test.each<[string, string[]]>([
    [wallet('available_micros = available_micros + 1'), ['wallet available', 'open lots available']],
    [wallet('held_micros = held_micros + 1'), ['wallet held', 'open lots held', 'live holds held']],
    [wallet('debt_micros = 1'), ['wallet debt', 'open debts']],
    [wallet('entry_count = entry_count + 1'), ['wallet entry count', 'wallet last entry number']],
    [wallet('next_lapse_at = null'), ['wallet next lapse (ms)']],
    [wallet("next_lapse_at = next_lapse_at + interval '1 ms'"), ['wallet next lapse (ms)']],
    [
      wallet('lot_available_micros[1] = lot_available_micros[1] + 1'),
      ['open lots available', 'lot available'],
    ],
    [
      wallet('lot_held_micros[1] = lot_held_micros[1] + 1'),
      ['open lots held', 'lot held', 'lot held by live holds'],
    ],
    [wallet('lot_priorities[2] = 7'), ['lot priority']],
    [wallet('lot_flags[1] = 0'), ['lot keeps out of debt']],
    [wallet('lot_flags[2] = 2'), ['lot is frozen']],
    [wallet('lot_effective_ms[1] = 7'), ['lot start (ms)']],
    [wallet('lot_expires_ms[1] = null'), ['lot expiry (ms)']],
    [wallet('lot_traits = null'), ['lot has its scope']],
    [
      wallet("lot_traits = jsonb_set(lot_traits, array[lot_ids[1]::text, 'late_return_days'], '3')"),
      ['lot late return days'],
    ],
    [
      wallet("lot_traits = jsonb_set(lot_traits, array[lot_ids[1]::text, 'pending'], '\"3000001\"')"),
      ['lot pending above held'],
    ],
    [
      wallet("lot_ids = array[lot_ids[1], '01890000-0000-7000-8000-000000000000'::uuid]"),
      ['lot available', 'lot held', 'lot held by live holds', 'lot without a row'],
    ],
    [wallet('lot_priorities[3] = -1', 'rich'), ['lot priority', 'lot in burn order']],
    [wallet("waiting = jsonb_set(waiting, '{count}', '5')", 'rich'), ['waiting lots']],
    [wallet("waiting = jsonb_set(waiting, '{frozen}', '\"1\"')", 'rich'), ['waiting lots available']],
    [wallet('waiting = null', 'rich'), ['waiting lots', 'waiting lots available']],
    [
      `update waiting_lots set expires_ms = 1900000000000 where ${oneWaiting}`,
      ['waiting lots due (ms)', 'lot expiry (ms)', 'lot in burn order'],
    ],
    [
      `update waiting_lots set available_micros = 2 where ${oneWaiting}`,
      ['open lots available', 'waiting lots available', 'lot available'],
    ],
    [`update waiting_lots set priority = -1 where ${oneWaiting}`, ['lot priority', 'lot in burn order']],
    [
      `delete from waiting_lots where ${oneWaiting}`,
      ['open lots available', 'waiting lots', 'waiting lots available', 'lot available'],
    ],
    [lot('granted_micros = granted_micros + 1'), ['lot granted']],
    [lot('expired_micros = expired_micros + 1'), ['lot expired']],
    [lot('revoked_micros = revoked_micros + 1'), ['lot revoked']],
    [lot("scope = '{image}'"), ['lot has its scope']],
    [
      row('holds', "state = 'released', ended_at = now()"),
      [
        'live holds held',
        'lot held by live holds',
        'lot held by live holds',
        'hold held H',
        'hold has its state H',
        'hold ended at (ms) H',
      ],
    ],
    [
      row('holds', 'from_shares_micros = 1'),
      ['live holds held', 'lot held by live holds', 'hold held H', 'hold captured of its shares H'],
    ],
    [row('holds', 'captured_micros = captured_micros + 1'), ['hold captured H']],
    [
      row('holds', 'lot_amounts_micros[1] = 5'),
      ['lot held by live holds', 'lot held by live holds', 'hold shares H', 'hold has its shares H'],
    ],
    [`delete from holds where wallet_id = <owing>`, ['hold without a row H']],
    [hold(7, 'lot_ids[1] = gen_random_uuid()'), ['lot held by live holds', 'hold has its shares H']],
    [hold(3, 'lot_ids[1] = gen_random_uuid()'), ['hold has its shares H']],
    [hold(3, "action = 'image'"), ['hold has its action H']],
    [hold(3, "description = 'Another'"), ['hold has its description H']],
    [hold(3, 'catalog_id = 7'), ['hold catalog H']],
    [hold(3, "state = 'released'"), ['hold has its state H', 'hold asked H']],
    [hold(4, "state = 'captured'"), ['hold has its state H']],
    [hold(5, "state = 'captured'"), ['hold has its state H', 'hold asked H']],
    [hold(4, "placed_at = placed_at - interval '1 ms'"), ['hold placed at (ms) H']],
    [hold(4, "ended_at = ended_at + interval '1 ms'"), ['hold ended at (ms) H']],
    [hold(5, "ended_at = ended_at + interval '1 ms'"), ['hold ended at (ms) H']],
    [hold(4, "expires_at = expires_at + interval '1 hour'"), ['hold expiry (ms) H']],
    [hold(4, 'time_to_live_ms = 1'), ['hold expiry (ms) H']],
    [hold(7, "expires_at = expires_at + interval '1 hour'"), ['hold expiry (ms) H']],
    [hold(4, 'checkpoint_micros = 1'), ['hold checkpoint H']],
    [hold(7, 'checkpoint_micros = 0'), ['hold checkpoint H']],
    [hold(7, 'asked_micros = 2000000'), ['hold asked H']],
    [hold(3, 'asked_micros = 1'), ['hold asked H']],
    [hold(7, 'refused_micros = 0'), ['hold refused H']],
    [hold(5, "on_lapse = 'release'"), ['hold charged at its lapse H']],
    [hold(6, "on_lapse = 'charge_all'"), ['hold charged at its lapse H']],
    [hold(6, "on_lapse = 'release'"), ['hold charged at its lapse H']],
    [
      `with row as (update wallets set lot_flags[1] = lot_flags[1] + 2 where id = <ordinary> returning lot_ids[1])
       update lots set is_frozen = true where wallet_id = <ordinary> and id = (select lot_ids from row)`,
      ['lot is frozen by its entries'],
    ],
    [lot("granted_at = granted_at - interval '1 day'"), ['lot granted at (ms)']],
    [lot('paid_amount_minor = 1', 'holding'), ['lot paid (minor units)']],
    [lot('paid_amount_minor = null', 'holding'), ['lot paid (minor units)']],
    [lot("paid_currency = 'EUR'", 'holding'), ['lot has its currency']],
    [`update orders set credits_micros = 1 where lot_id is not null`, ['lot of its order']],
    [row('debts', 'open_micros = 0', 'owing'), ['open debts', 'open debt of transaction 3']],
    [row('debts', 'repaid_micros[1] = 5', 'owing'), ['debt repaid by lots of transaction 3']],
    [
      `delete from debts where wallet_id = <owing>`,
      [
        'open debts',
        'debt of transaction 3',
        'open debt of transaction 3',
        'debt repaid by lots of transaction 3',
      ],
    ],
    [row('charge_refunds', 'refunded_micros = 1'), ['refund of transaction 3']],
    [row('charge_refunds', 'returned_micros[1] = 5'), ['refund to lots of transaction 3']],
    [entry(3, 'available_after_micros = 1'), ['parts of available after entry 3', 'available after entry 3']],
    [entry(3, 'held_after_micros = 1'), ['held after entry 3']],
    [entry(3, 'debt_after_micros = 1'), ['debt after entry 3']],
    [entry(3, 'scoped_after_micros = 12000001'), ['parts of available after entry 3']],
    [entry(3, `${unbound}, scoped_after_micros = null`), ['key of entry 3']],
    [entry(3, unbound), ['key of entry 3', 'answers without a key of entry 3']],
    [
      `update entries set debt_after_micros = 1 where operation = 'lapse' and to_account = 'available'`,
      ['answers without a key of entry 16'],
    ],
    [entry(3, 'position = 2'), ['entries after the key of entry 2', 'position of entry 3']],
    [
      entry(
        4,
        "position = 1, key = null, fingerprint = null, available_after_micros = null, operation = 'charge'",
      ),
      [
        'refund of transaction 3',
        'refund to lots of transaction 3',
        'entries after the key of entry 3',
        'key of entry 4',
        'answers without a key of entry 4',
      ],
    ],
    [
      entry(3, 'number = 100'),
      [
        'wallet last entry number',
        'available after entry 4',
        'available after entry 6',
        'available after entry 7',
        'available after entry 100',
        'held after entry 100',
      ],
    ],
    [
      `delete from entries where wallet_id = <ordinary> and number = 3`,
      [
        'wallet available',
        'wallet entry count',
        'lot available',
        'available after entry 4',
        'available after entry 6',
        'available after entry 7',
      ],
    ],
    [`delete from wallets where id = <owing>`, ['wallet without a row']],
  ])('%s', async (change, expected) => {
    expect(await differencesAfter(change)).toEqual(expected)
  })

  test('says what is stored and what it should be, of which lot of which wallet', async () => {
    expect(
      await database.transaction(async (tx) => {
        await sql.raw(withIds(wallet('lot_priorities[2] = 7'))).execute(tx.db)
        const { differences } = await verifySlice(tx, {})
        await sql.raw(withIds(wallet('lot_priorities[2] = 1'))).execute(tx.db)
        const { rows } = await sql<{
          id: string
        }>`select id from lots where wallet_id = ${ids.ordinary} and priority = 1`.execute(tx.db)
        return [differences, rows[0]?.id]
      }),
    ).toEqual([
      [
        {
          walletId: ids.ordinary,
          lotId: expect.any(String),
          what: 'lot priority',
          stored: 7_000_000n,
          computed: 1_000_000n,
        },
      ],
      expect.any(String),
    ])
  })

  test('everything that can happen leaves nothing to name, and an auditor who knows only the entries agrees', async () => {
    const { wallets: before } = await ledger.verify()
    await keepBusy(ledger, {
      wallets: 6,
      steps: 100,
      seed: driver.length,
      advance: (ms) => (now = new Date(now.getTime() + ms)),
    })
    expect(await ledger.verify()).toMatchObject({ wallets: before + 6n, differences: [] })
    const audit = await database.snapshot((tx) =>
      auditEntries(async (text) => (await sql.raw<Record<string, unknown>>(text).execute(tx.db)).rows),
    )
    expect(audit.differences).toEqual([])
  })

  test('a ledger that goes on meanwhile adds up at every moment', async () => {
    const owners = Array.from({ length: 8 }, newOwner)
    await Promise.all(owners.map((owner) => ledger.submit(grantOf(owner, '1000'))))
    const end = new AbortController()
    const writing = owners.map(async (owner) => {
      while (!end.signal.aborted) {
        const { hold } = await ledger.submit(holdOf(owner, '0.5'))
        await ledger.submit({
          ...of(walletId(owner)),
          kind: 'capture',
          holdId: hold?.id ?? '',
          credits: credits('0.2'),
        })
        await ledger.submit(chargeOf(owner, '0.1'))
      }
    })
    const seen = new Set<bigint>()
    for (let round = 0; round < 10; round += 1) {
      const { entries, differences } = await ledger.verify()
      expect(differences).toEqual([])
      seen.add(entries)
    }
    end.abort()
    await Promise.all(writing)
    expect(seen.size).toBe(10)
  })

  test('slices cover every wallet once, and end early where wallets are long', async () => {
    const whole = await ledger.verify()
    const slices = []
    for await (const slice of verifySlices(database, { wallets: 2 })) slices.push(slice)
    expect(slices.slice(0, -1).every(({ wallets }) => wallets === 2n)).toBe(true)
    expect(slices.reduce((sum, { wallets }) => sum + wallets, 0n)).toBe(whole.wallets)
    expect(slices.reduce((sum, { entries }) => sum + entries, 0n)).toBe(whole.entries)
    const shares = slices.map(({ next }) => shareBefore(next))
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
    const long = await database
      .transaction(async (tx) => {
        await sql`update wallets set entry_count = 150000`.execute(tx.db)
        const slice = await verifySlice(tx, {})
        throw Object.assign(new Error('undone'), { slice })
      })
      .catch((error: { slice: { wallets: bigint } }) => error.slice)
    expect(long.wallets).toBe(1n)
  })
})
