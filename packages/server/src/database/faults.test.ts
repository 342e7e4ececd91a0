import { expect, test } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import type { Statement } from './database.ts'
import { openDatabase } from './open-database.ts'

test('a Postgres that is not there is a fault that says what to look at', async () => {
  await expect(openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' })).rejects.toMatchObject({
    code: 'database_unavailable',
    retryable: true,
  })
})

test('a connection that is ended from outside is a fault, in a transaction and in a lane, and the next one works', async () => {
  const database = await openDatabase({ url: (await createTestDatabase()).url })
  const lane = await database.openLane()
  const end = { name: 'end', text: 'select pg_terminate_backend(pg_backend_pid())' }
  const now = { name: 'now', text: 'select 1 as one' }
  const inTransaction = (statement: Statement) => database.transaction((tx) => tx.run(statement, []))
  const inLane = (statement: Statement) =>
    lane.transaction(async (session) => ({ answer: await session.run(statement, []), writes: [] }))
  for (const run of [inTransaction, inLane]) {
    await expect(run(end)).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(await run(now)).toEqual([{ one: 1 }])
  }
  await lane.close()
  await database.close()
})

test('a transaction that lost against another is run again', async () => {
  const database = await openDatabase({ url: (await createTestDatabase()).url })
  let tries = 0
  const answer = await database.transaction(async (tx) => {
    tries += 1
    if (tries === 1)
      await tx.run(
        {
          name: 'lose',
          text: "do $$ begin raise exception 'could not serialize' using errcode = '40001'; end $$",
        },
        [],
      )
    return 'done'
  })
  expect(answer).toBe('done')
  expect(tries).toBe(2)
  await database.close()
})
