import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './open-database.ts'
import { openPglite } from './pglite.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallystick-pglite-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const insertNumber = { name: 'test_insert', text: `insert into numbers values ($1)` }

describe('PGlite in a folder', () => {
  test('syncs every commit to disk before it is answered', async () => {
    let syncs = 0
    const database = await openPglite({ dataDir: join(folder, 'synced'), onSync: () => (syncs += 1) })
    await database.kysely.executeQuery(CompiledQuery.raw('create table numbers (number bigint)'))
    const lane = await database.openLane()
    for (let count = 1; count <= 20; count += 1) {
      const before = syncs
      await lane.transaction(() =>
        Promise.resolve({
          answer: undefined,
          writes: [{ statement: insertNumber, values: [BigInt(count)] }],
        }),
      )
      expect(syncs).toBeGreaterThan(before)
    }
    for (let count = 1; count <= 20; count += 1) {
      const before = syncs
      await database.transaction((tx) => tx.run(insertNumber, [BigInt(count)]))
      expect(syncs).toBeGreaterThan(before)
    }
    await database.close()
  })

  test('is refused to a second process while the first lives, and had again after it was killed', async () => {
    const dataDir = join(folder, 'locked')
    const program = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, 'open-database.ts'))}
      await openDatabase({ dataDir: ${JSON.stringify(dataDir)} })
      console.log('open')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(openDatabase({ dataDir })).rejects.toMatchObject({ code: 'data_directory_in_use' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const database = await openDatabase({ dataDir })
    await database.close()
  })

  test('of several that want it at once after a kill, one has it', async () => {
    const directory = join(folder, 'raced')
    const program = `
      import { lockDirectory } from ${JSON.stringify(join(import.meta.dirname, 'directory-lock.ts'))}
      const held = await lockDirectory(${JSON.stringify(directory)}).then(() => 'held', (error) => error.code)
      console.log(held)
      setInterval(() => {}, 1000)`
    const start = () =>
      spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    const answer = async (child: ReturnType<typeof start>) =>
      String((await once(child.stdout, 'data'))[0]).trim()
    const killed = start()
    expect(await answer(killed)).toBe('held')
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    const starters = Array.from({ length: 4 }, start)
    const answers = await Promise.all(starters.map(answer))
    for (const starter of starters) starter.kill('SIGKILL')
    expect(answers.toSorted()).toEqual([
      'data_directory_in_use',
      'data_directory_in_use',
      'data_directory_in_use',
      'held',
    ])
  })
})

describe('PGlite', () => {
  test('keeps what runs beside a transaction out of it', async () => {
    const database = await openPglite({ dataDir: undefined })
    await database.kysely.executeQuery(CompiledQuery.raw('create table numbers (number bigint)'))
    const begun = Promise.withResolvers<void>()
    const othersWait = Promise.withResolvers<void>()
    const failing = database.transaction(async (tx) => {
      await tx.run(insertNumber, [1n])
      begun.resolve()
      await othersWait.promise
      throw new Error('rolled back')
    })
    await begun.promise
    const others = [
      database.transaction((tx) => tx.run(insertNumber, [2n])),
      database.kysely.executeQuery(CompiledQuery.raw('insert into numbers values (3)')),
    ]
    othersWait.resolve()
    await expect(failing).rejects.toThrow('rolled back')
    await Promise.all(others)
    const { rows } = await sql<{ number: bigint }>`select number from numbers order by number`.execute(
      database.kysely,
    )
    expect(rows.map((row) => row.number)).toEqual([2n, 3n])
    await database.close()
  })
})
