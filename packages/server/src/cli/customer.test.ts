import { expect, onTestFinished, test, vi } from 'vitest'
import { disputed, openBooks, paid } from '../../test/support/books.ts'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { openDatabase } from '../database/open-database.ts'
import { customerCommand, parseReason } from './customer.ts'

async function setUp() {
  const { url } = await createTestDatabase()
  const books = await openBooks(await openDatabase({ url }))
  onTestFinished(() => books.close())
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
  }
  async function run(...words: string[]) {
    said.mockClear()
    complained.mockClear()
    process.exitCode = 0
    await customerCommand(() => environment).parseAsync(words, { from: 'user' })
    const lines = [...said.mock.calls, ...complained.mock.calls].map(([line]) => String(line))
    return { code: process.exitCode, said: lines.join('\n') }
  }
  return { books, run }
}

test('a customer is shown, blocked, and let buy again, and who decided it and why is kept', async () => {
  const { books, run } = await setUp()
  await books.customers.put({ customer: 'alice', email: 'alice@example.com' })
  const shown = await run('show', 'alice')
  expect(shown.code).toBe(0)
  expect(shown.said).toMatch(
    /^alice, test mode, first heard of [\d\-T:.]+Z\n {2}e-mail {2}alice@example.com\n {2}name {4}-\n {2}Can buy\.$/,
  )
  const why = /Cannot buy: blocked by grace since [\d\-T:.]+Z\. Stolen card$/
  expect((await run('block', 'alice', '--reason', 'Stolen card')).said).toMatch(why)
  expect((await run('block', 'alice', '--reason', 'The same again', '--actor', 'ada')).said).toMatch(why)
  expect((await run('show', 'alice')).said).toMatch(why)
  const free = await run('unblock', 'alice', '--reason', 'It was theirs', '--actor', 'ada')
  expect(free).toMatchObject({ code: 0, said: expect.stringMatching(/Can buy\.$/) })
  const decisions = await books.database.transaction((tx) =>
    tx.db.selectFrom('customer_blocks').select(['is_blocked', 'actor', 'reason']).orderBy('at').execute(),
  )
  expect(decisions).toEqual([
    { is_blocked: true, actor: 'grace', reason: 'Stolen card' },
    { is_blocked: false, actor: 'ada', reason: 'It was theirs' },
  ])
})

test('a dispute that blocks is named, and what follows from it is lifted', async () => {
  const { books, run } = await setUp()
  const ordered = await books.order({ customer: 'alice' })
  await books.tell(paid(ordered))
  await books.tell(disputed(ordered, { state: 'lost' }))
  expect((await run('show', 'alice')).said).toMatch(
    new RegExp(
      `Cannot buy: blocked by the dispute dsp_${ordered.paymentId} since .*Z\\. A dispute was lost\\.$`,
    ),
  )
  expect((await run('unblock', 'alice', '--reason', 'They paid by bank')).said).toContain('Can buy.')
})

test('a decision has a reason', () => {
  expect(() => parseReason(' ')).toThrow('Say why')
  expect(parseReason('Stolen card')).toBe('Stolen card')
})

test('nobody is said to be nobody, in the mode that was looked at, and is not made', async () => {
  const { books, run } = await setUp()
  for (const words of [['show'], ['block', '--reason', 'x'], ['unblock', '--reason', 'x']]) {
    const [name = '', ...flags] = words
    expect(await run(name, 'bob', ...flags)).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^There is no customer bob in test mode\. /),
    })
  }
  const rows = await books.database.transaction((tx) => tx.db.selectFrom('customers').select('id').execute())
  expect(rows).toEqual([])
})
