import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { createTestDatabase, type TestTemplate } from './test-database.ts'

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

describe('the Postgres of the tests', () => {
  test('is a real Postgres 18 that syncs every commit to disk', async () => {
    const { url } = await createTestDatabase()
    const [row] = await ask<{ version: string; fsync: string; commit: string }>(
      url,
      `select current_setting('server_version_num') as version, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
    )
    expect(row).toMatchObject({ version: expect.stringMatching(/^18/), fsync: 'on', commit: 'on' })
  })

  test('a template is prepared once, and its copies do not see each other', async () => {
    let prepared = 0
    const template: TestTemplate = {
      name: 'of_test_database_test',
      async prepare(url) {
        prepared += 1
        await ask(url, 'create table notch (depth int); insert into notch values (1)')
      },
    }
    const [one, other] = await Promise.all([
      createTestDatabase({ template }),
      createTestDatabase({ template }),
    ])
    await ask(one.url, 'insert into notch values (2)')
    expect(prepared).toBe(1)
    expect(await ask(one.url, 'select depth from notch')).toHaveLength(2)
    expect(await ask(other.url, 'select depth from notch')).toHaveLength(1)
  })

  test('a dropped database is gone, also from under an open session', async () => {
    const database = await createTestDatabase()
    const session = new Client({ connectionString: database.url })
    session.on('error', () => {})
    await session.connect()
    await database.drop()
    await expect(session.query('select 1')).rejects.toThrow(/terminat|not queryable/)
    await expect(ask(database.url, 'select 1')).rejects.toThrow(/does not exist/)
  })
})
