import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import type { PageKind } from './ensure-built.ts'

const run = promisify(execFile)

const folder = await mkdtemp(join(tmpdir(), 'studio-pages-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function built(kind: PageKind): Promise<string> {
  const target = join(folder, kind)
  await run(process.execPath, ['--conditions=source', join(import.meta.dirname, 'build.ts'), kind, target])
  const assets = join(target, 'assets')
  const names = (await readdir(assets)).filter((name) => name.endsWith('.js'))
  const texts = await Promise.all(names.map((name) => readFile(join(assets, name), 'utf8')))
  return texts.join('\n')
}

it('the tools for breaking things are not in a production build', async () => {
  const forDevelopment = await built('development')
  const forProduction = await built('production')
  for (const words of [
    'Fire 50 calls at once',
    'Send the webhook 5 times',
    'Kill the server now',
    '/api/break/',
  ]) {
    // Asked this way round, a failure does not print the whole bundle.
    expect([words, forDevelopment.includes(words)]).toEqual([words, true])
    expect([words, forProduction.includes(words)]).toEqual([words, false])
  }
  expect(forProduction.includes('Enlarge')).toBe(true)
})
