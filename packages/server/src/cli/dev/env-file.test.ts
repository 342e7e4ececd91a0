import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mergeEnvText, writeEnvFile } from './env-file.ts'

const variables = { TALLYSTICK_URL: 'http://localhost:4100', TALLYSTICK_API_KEY: 'tsk_test_a$1' }
const written =
  '# Written by tallystick dev.\nTALLYSTICK_URL=http://localhost:4100\nTALLYSTICK_API_KEY=tsk_test_a$1\n'

describe('merging', () => {
  test('an empty file gets the variables', () => {
    expect(mergeEnvText('', variables)).toBe(written)
  })

  test('lines of others stay, in their order, also without a last line end', () => {
    expect(mergeEnvText('# mine\nOPENAI_API_KEY="sk-1"', variables)).toBe(
      `# mine\nOPENAI_API_KEY="sk-1"\n\n${written}`,
    )
  })

  test('a variable that is there is replaced where it stands, once merged nothing changes', () => {
    const text = 'A=1\nexport TALLYSTICK_URL=http://localhost:9\nTALLYSTICK_API_KEY = old\nB=2\n'
    const merged = mergeEnvText(text, variables)
    expect(merged).toBe(
      'A=1\nexport TALLYSTICK_URL=http://localhost:4100\nTALLYSTICK_API_KEY=tsk_test_a$1\nB=2\n',
    )
    expect(mergeEnvText(merged, variables)).toBe(merged)
  })

  test('a longer name and a comment are not taken for the variable', () => {
    const text = '#TALLYSTICK_URL=no\nMY_TALLYSTICK_URL=no\nTALLYSTICK_URL_OLD=no\n'
    expect(mergeEnvText(text, variables)).toBe(`${text}\n${written}`)
  })

  test('line ends stay as they are', () => {
    expect(mergeEnvText('TALLYSTICK_URL=x\r\nTALLYSTICK_API_KEY=y\r\n', variables)).toBe(
      'TALLYSTICK_URL=http://localhost:4100\r\nTALLYSTICK_API_KEY=tsk_test_a$1\r\n',
    )
  })
})

describe('the file', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tallystick-env-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('is made where there is none, and left alone when it says so already', async () => {
    const file = join(folder, '.env.local')
    expect(await writeEnvFile(file, variables)).toBe('written')
    expect(await writeEnvFile(file, variables)).toBe('unchanged')
    expect(await readFile(file, 'utf8')).toBe(written)
  })

  test('with a live key is not touched', async () => {
    const file = join(folder, '.env.local')
    await writeFile(file, 'TALLYSTICK_API_KEY="tsk_live_precious"\n')
    expect(await writeEnvFile(file, variables)).toBe('has-live-key')
    expect(await readFile(file, 'utf8')).toBe('TALLYSTICK_API_KEY="tsk_live_precious"\n')
  })
})
