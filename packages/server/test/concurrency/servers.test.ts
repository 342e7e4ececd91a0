import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Serving, serve } from '../support/serving.ts'
import { createTestDatabase } from '../support/test-database.ts'

const folders: string[] = []
const servers: Serving[] = []

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill('SIGTERM')))
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
})

/** The catalog welcomes a customer with 50 credits: enough for ten calls of 5. */
describe.each([
  [
    'two server processes on one Postgres',
    async () => {
      const { url } = await createTestDatabase()
      return Promise.all([serve({ DATABASE_URL: url }), serve({ DATABASE_URL: url })])
    },
  ],
  [
    'one server process on PGlite',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tallystick-serve-'))
      folders.push(folder)
      return [await serve({ TALLYSTICK_DATA: folder })]
    },
  ],
])('%s', (_name, start) => {
  test('50 parallel calls with credits for 10: exactly 10 succeed, 40 get 402, and the balance is 0', async () => {
    const started = await start()
    servers.push(...started)
    // All at once from the very first request on: the customer is made and welcomed once, too.
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        started[index % started.length]!.post('/v1/charges', { customer: 'alice', action: 'image.hires' }),
      ),
    )
    const statuses = Object.fromEntries(
      Map.groupBy(answers, (answer) => answer.status)
        .entries()
        .map(([status, all]) => [status, all.length]),
    )
    expect(statuses).toEqual({ 200: 10, 402: 40 })
    for (const server of started) {
      expect(await server.get('/v1/customers/alice/balance')).toMatchObject({
        available: '0',
        held: '0',
        spendable: '0',
        debt: '0',
      })
    }
    expect((await started[0]!.post('/v1/verify', {})).body).toMatchObject({ differences: [], entries: 11 })
  })
})
