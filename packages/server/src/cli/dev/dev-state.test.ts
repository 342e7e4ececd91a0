import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDevState, writeDevState } from './dev-state.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallystick-state-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a new folder gets keys of the right form, other ones each time', async () => {
  const [one, other] = [await readDevState(folder, randomBytes), await readDevState(folder, randomBytes)]
  expect(one.api_key).toMatch(/^tsk_test_[0-9A-Za-z]{32}$/)
  expect(one.dodo_api_key).toMatch(/^dodo_test_[0-9A-Za-z]{32}$/)
  expect(() => new Webhook(one.webhook_secret)).not.toThrow()
  expect(other.api_key).not.toBe(one.api_key)
})

test('bytes that would favour some letters are thrown again', async () => {
  const bytes = [Buffer.alloc(32, 63), Buffer.alloc(32, 61), Buffer.alloc(32, 0), Buffer.alloc(33)]
  const { api_key } = await readDevState(folder, () => bytes.shift() ?? Buffer.alloc(0))
  expect(api_key).toBe(`tsk_test_${'z'.repeat(32)}`)
})

test('what is written is read again, by its owner alone, and leaves no draft', async () => {
  const state = { ...(await readDevState(folder, randomBytes)), ports: { server: 4107 }, processes: [7] }
  await writeDevState(folder, state)
  expect(await readDevState(folder, randomBytes)).toEqual(state)
  expect(await readdir(folder)).toEqual(['dev.json'])
  expect((await stat(join(folder, 'dev.json'))).mode & 0o777).toBe(0o600)
})

test('a damaged file is named, and no new keys are made behind its back', async () => {
  await writeFile(join(folder, 'dev.json'), '{"api_key":')
  await expect(readDevState(folder, randomBytes)).rejects.toThrow(/dev\.json cannot be read/)
})
