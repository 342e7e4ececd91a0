import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { openDatabase } from '../database/open-database.ts'
import { paymentsCommand } from './payments.ts'

async function setUp() {
  const [dodo, { url }] = await Promise.all([startDodoSandbox(), createTestDatabase()])
  const database = await openDatabase({ url })
  onTestFinished(async () => {
    await database.close()
    await dodo.close()
  })
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const complained = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  onTestFinished(() => {
    said.mockRestore()
    complained.mockRestore()
    process.exitCode = 0
  })
  const environment = {
    USER: 'grace',
    DATABASE_URL: url,
    TALLYSTICK_CONFIG: new URL('../../../../apps/studio/tallystick.config.ts', import.meta.url).pathname,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    DODO_PAYMENTS_API_KEY: dodo.apiKey,
    DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_eA==',
    DODO_PAYMENTS_BASE_URL: dodo.url,
  }
  async function run(...words: string[]) {
    said.mockClear()
    complained.mockClear()
    process.exitCode = 0
    await paymentsCommand(() => environment).parseAsync(words, { from: 'user' })
    const lines = [...said.mock.calls, ...complained.mock.calls].map(([line]) => String(line))
    return { code: process.exitCode, said: lines.join('\n') }
  }
  return {
    database,
    run,
    /** A payment that waits, as a webhook would leave it. */
    wait: (payment_id: string) =>
      database.transaction((tx) =>
        tx.db
          .insertInto('payments')
          .values({
            provider: 'dodo',
            payment_id,
            mode: 'test',
            state: 'succeeded',
            cart: JSON.stringify([{ product_id: 'pdt_unknown', quantity: 2 }]),
            total_minor: 8000n,
            tax_minor: 0n,
            currency: 'USD',
            standing: 'unassigned',
            note: 'nobody knows whose it is',
            received_at: tx.now,
            updated_at: tx.now,
          })
          .execute(),
      ),
  }
}

test('payments that wait are listed with what they are, assigned, and dismissed', async () => {
  const { database, wait, run } = await setUp()
  expect(await run('list')).toEqual({ code: 0, said: 'No payment waits for a person (test mode).' })
  await wait('pay_one')
  await wait('pay_two')
  await database.transaction((tx) =>
    tx.db.insertInto('customers').values({ mode: 'test', id: 'alice', created_at: tx.now }).execute(),
  )

  const listed = await run('list')
  const [head, ...rows] = listed.said.split('\n')
  expect(head).toMatch(/^payment {2}standing {4}received \(UTC\) {4}paid {7}for {14}customer$/)
  expect(rows[0]).toMatch(
    /^pay_\w{3} {2}unassigned {2}\d{4}-\d\d-\d\d \d\d:\d\d {2}80\.00 USD {2}2 × pdt_unknown {2}\?$/,
  )
  expect(listed.said).toContain('pay_one: nobody knows whose it is')
  expect(listed.said).toContain('2 payments, test mode.')

  const unclear = await run('assign', 'pay_one', 'alice')
  expect(unclear).toMatchObject({ code: 1, said: expect.stringContaining('no pack is sold as pdt_unknown') })
  const assigned = await run('assign', 'pay_one', 'alice', '--pack', 'power')
  expect(assigned).toEqual({ code: 0, said: "pay_one is alice's: 1000 credits granted." })
  expect(await run('dismiss', 'pay_two', 'refunded by hand', '--actor', 'ada')).toEqual({
    code: 0,
    said: 'pay_two is dismissed. Dismissed by ada: refunded by hand',
  })
  expect(await run('assign', 'pay_two', 'alice')).toMatchObject({ code: 1 })
  expect((await run('list', '--standing', 'dismissed')).said).toContain('pay_two')
  const decided = await database.transaction((tx) =>
    tx.db.selectFrom('payments').select(['payment_id', 'decided_by']).orderBy('payment_id').execute(),
  )
  expect(decided).toEqual([
    { payment_id: 'pay_one', decided_by: 'grace' },
    { payment_id: 'pay_two', decided_by: 'ada' },
  ])
})
