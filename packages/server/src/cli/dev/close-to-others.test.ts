import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { closeToOthers } from './close-to-others.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallystick-modes-'))
  for (const name of ['db', 'logs', 'mine']) await mkdir(join(folder, name))
  for (const name of ['dodo.sqlite', 'dodo.sqlite-wal', 'mine.txt']) await writeFile(join(folder, name), '')
  for (const name of ['.', 'db', 'logs', 'mine']) await chmod(join(folder, name), 0o755)
  for (const name of ['dodo.sqlite', 'dodo.sqlite-wal', 'mine.txt']) await chmod(join(folder, name), 0o644)
})
afterEach(() => rm(folder, { recursive: true }))

async function modes(...names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map(async (name) => ((await stat(join(folder, name))).mode & 0o777).toString(8)))
}

test('a data folder of an earlier version becomes its owner’s alone; what others put there stays', async () => {
  await closeToOthers(folder)
  expect(await modes('.', 'db', 'logs')).toEqual(['700', '700', '700'])
  expect(await modes('dodo.sqlite', 'dodo.sqlite-wal')).toEqual(['600', '600'])
  expect(await modes('mine', 'mine.txt')).toEqual(['755', '644'])
})

test('a folder that everybody may write to stays open, and what is ours in it is closed', async () => {
  await chmod(folder, 0o777)
  await closeToOthers(folder)
  expect(await modes('.', 'db', 'dodo.sqlite')).toEqual(['777', '700', '600'])
})
