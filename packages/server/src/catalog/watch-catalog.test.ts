import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Catalog } from './catalog.ts'
import { loadCatalog } from './load-catalog.ts'
import { type CatalogWatch, watchCatalog } from './watch-catalog.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function configFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-catalog-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'tallystick.config.ts')
  await writeFile(file, text)
  return file
}

function source(credits: number): string {
  return `interface Unused { a: string }\nexport default { units: { credits: {} }, actions: { chat: { credits: ${credits} } } }\n`
}

test('a config file in TypeScript is loaded', async () => {
  const catalog = await loadCatalog(await configFile(source(7)))
  expect(catalog.actionsById.get('chat')?.credits).toBe(7_000_000n)
})

test('a file that is missing, broken or without a default export says what to do', async () => {
  const file = await configFile('export const catalog = {}')
  await expect(loadCatalog(file)).rejects.toThrow('write export default defineCatalog')
  await expect(loadCatalog(`${file}.not.ts`)).rejects.toThrow('does not exist')
  await expect(loadCatalog(await configFile('export default {'))).rejects.toThrow('cannot be read')
})

test('a saved file is loaded again, a broken one keeps the old catalog and is reported', async () => {
  const file = await configFile(source(1))
  const loaded: Catalog[] = []
  const broken: unknown[] = []
  const watch: CatalogWatch = watchCatalog(file, {
    onLoaded: (catalog) => {
      loaded.push(catalog)
      return Promise.resolve()
    },
    onBroken: (error) => broken.push(error),
  })
  cleanups.push(() => {
    watch.close()
  })
  await writeFile(file, source(2))
  await vi.waitFor(() => expect(loaded.at(-1)?.actionsById.get('chat')?.credits).toBe(2_000_000n), 5000)
  await writeFile(file, source(0.5))
  await vi.waitFor(() => expect(String(broken.at(-1))).toContain('actions.chat.credits'), 5000)
  // As editors save: a new file takes the old one's place.
  await writeFile(`${file}.new`, source(3))
  await rename(`${file}.new`, file)
  await vi.waitFor(() => expect(loaded.at(-1)?.actionsById.get('chat')?.credits).toBe(3_000_000n), 5000)
})
