import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openShop } from '../../test/shop.ts'
import { migrations } from './schema.ts'

test('a state file of the first version comes up with its payments, which can still be found and listed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dodo-sandbox-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'dodo.sqlite')
  const database = new DatabaseSync(file)
  database.exec(migrations[0] ?? '')
  database.exec('pragma user_version = 1')
  database.exec(
    `insert into checkout_sessions (session_id, document) values ('cks_1', '{"session_id":"cks_1"}')`,
  )
  const document = {
    payment_id: 'pay_1',
    status: 'succeeded',
    total_amount: 4000,
    customer: { customer_id: 'cus_1' },
  }
  const items = {
    currency: 'USD',
    items: [{ items_id: 'pdt_1', amount: 4000, refundable_amount: 4000, tax: 0 }],
  }
  database
    .prepare(
      "insert into payments (payment_id, session_id, attempt, document, line_items) values ('pay_1', 'cks_1', 'att_1', ?, ?)",
    )
    .run(JSON.stringify({ ...document, refunds: [], disputes: [] }), JSON.stringify(items))
  database.close()

  const { client } = await openShop({ stateFile: file })
  expect(await client.payments.retrieve('pay_1')).toMatchObject(document)
  expect(await client.payments.retrieveLineItems('pay_1')).toEqual(items)
  expect((await client.payments.list({ page_number: 0 })).items).toHaveLength(1)
})
