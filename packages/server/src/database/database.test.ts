import { afterAll, beforeAll, describe } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { databaseContract } from './database.contract.ts'
import type { Database } from './database.ts'
import { openDatabase } from './open-database.ts'

describe.each([
  ['PGlite', () => openDatabase({ dataDir: undefined })],
  ['Postgres', async () => openDatabase({ url: (await createTestDatabase()).url })],
])('%s', (_name, open) => {
  let database: Database
  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())
  databaseContract(() => database)
})
