import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/open-database.ts'
import { idMaker, type WalletOwner } from '../../src/kernel/ids.ts'
import { credits } from '../../src/ledger/__fixtures__/operations.ts'
import { createLedger } from '../../src/ledger/ledger.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tallystick-crash-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

test('a process killed between hold and capture: nothing is lost, and the hold lapses back', async () => {
  const child = spawn(
    process.execPath,
    ['--conditions=source', join(import.meta.dirname, 'hold-and-wait.ts'), dataDir],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const { owner, holdExpiresAt, charged } = JSON.parse(line) as {
    owner: WalletOwner
    holdExpiresAt: string
    charged: number
  }
  child.kill('SIGKILL')
  await once(child, 'exit')

  let now = new Date()
  const database = await openDatabase({ dataDir, clock: () => now })
  const ledger = await createLedger({ database, newId: idMaker({ now: Date.now, randomBytes }) })
  const left = 50 - charged
  expect((await ledger.balance(owner)).balance).toMatchObject({
    available: credits(String(left - 5)),
    held: credits('5'),
  })
  now = new Date(holdExpiresAt)
  expect((await ledger.balance(owner)).balance).toMatchObject({ available: credits(String(left)), held: 0n })
  expect((await ledger.verify()).differences).toEqual([])
  await ledger.close()
  await database.close()
})
