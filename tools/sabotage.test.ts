import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type Edit, environmentWith } from './sabotage.ts'

const money: Edit = {
  file: 'packages/server/src/kernel/money.ts',
  find: 'export function formatMoney(',
  replace: 'console.log("planted")\nexport function formatMoney(',
}

/** A process that loads the file, with the fault planted in whatever it starts. */
function load(edits: readonly Edit[]) {
  const program = `await import(${JSON.stringify(new URL(`../${money.file}`, import.meta.url).href)})`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...environmentWith({ name: 'a test', edits }) },
    encoding: 'utf8',
  })
}

describe('a planted fault', () => {
  test('is in the code that runs, and not in the file', () => {
    expect(load([money])).toMatchObject({ status: 0, stdout: 'planted\n' })
    expect(load([])).toMatchObject({ status: 0, stdout: '' })
  })

  test('that finds its place gone, or twice, is refused loudly', () => {
    expect(() => load([{ ...money, find: 'no such text' }])).toThrow('has 0 times what is to be replaced')
    expect(() => load([{ ...money, find: 'export' }])).toThrow(/has \d+ times what is to be replaced/)
  })
})
