import { expect, test } from 'vitest'
import { openDatabase } from '../database/open-database.ts'
import { chargeOf, credits, grantOf, newId, newOwner } from './__fixtures__/operations.ts'
import { forgetOldCounts } from './jobs.ts'
import { createLedger } from './ledger.ts'

const day = 86_400_000

test('what was counted long ago is forgotten, what still counts and what counts for a lifetime is not', async () => {
  let now = new Date('2026-01-01T12:00:00Z')
  const database = await openDatabase({ dataDir: undefined, clock: () => now })
  const ledger = await createLedger({ database, newId })
  const owner = newOwner()
  const limits = (['day', 'month', 'lifetime', 'rolling_day'] as const).map((window) => ({
    name: 'customer',
    window,
    max: credits('10'),
  }))
  const counted = async () =>
    (
      await database.snapshot((tx) =>
        tx.db.selectFrom('limit_counts').select('name').orderBy('name').execute(),
      )
    ).map((row) => row.name)
  await ledger.submit(grantOf(owner, '100'))
  await ledger.submit(chargeOf(owner, '6', { limits }))
  await forgetOldCounts({ database }).run()
  expect(await counted()).toHaveLength(4)

  now = new Date(now.getTime() + 63 * day)
  await forgetOldCounts({ database }).run()
  expect(await counted()).toEqual(['lifetime customer'])
  await expect(ledger.submit(chargeOf(owner, '6', { limits }))).rejects.toMatchObject({
    code: 'limit_exceeded',
    facts: { window: 'lifetime', used: credits('6') },
  })
  await ledger.close()
  await database.close()
})
