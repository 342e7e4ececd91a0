import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCatalog } from './load-catalog.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tallystick-catalog-'))
  // What `npm init` makes: a package of CommonJS.
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
  await mkdir(join(folder, 'node_modules'))
  await symlink(resolve(import.meta.dirname, '../..'), join(folder, 'node_modules/tallystick'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const head = "import { defineCatalog, pack, usd } from 'tallystick'\n"

/** What reading the file said: the hash of the catalog, or what is wrong. In a process of its own: the test runner reads files in its own way. */
async function load(text: string): Promise<string> {
  const file = join(folder, `${crypto.randomUUID()}.config.ts`)
  await writeFile(file, text)
  const program = `
    import { loadCatalog } from ${JSON.stringify(join(import.meta.dirname, 'load-catalog.ts'))}
    console.log(await loadCatalog(${JSON.stringify(file)}).then((catalog) => catalog.hash, (error) => error.message))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=source',
    '--input-type=module',
    '--eval',
    program,
  ])
  return stdout.trim()
}

describe('a catalog file', () => {
  test('is read in a package of any type', async () => {
    const catalog = await load(
      `${head}export default defineCatalog({ units: { credits: {} }, actions: { chat: { credits: 1 } }, packs: { p: pack({ credits: 5, price: usd(1) }) } })`,
    )
    expect(catalog).toMatch(/^[0-9a-f]{64}$/)
  })

  test('that is not there is said to be missing, and what to write', async () => {
    const missing = join(folder, 'none.config.ts')
    await expect(loadCatalog(missing)).rejects.toThrow(/none\.config\.ts[\s\S]*does not exist; write one/)
  })

  test('that imports what is not there is not said to be missing itself', async () => {
    const said = await load("import prices from './prices.ts'\nexport default prices")
    expect(said).toMatch(/imports .*prices\.ts, which is not there/)
  })

  test('with a slip of the pen is refused with the line', async () => {
    const said = await load(
      `${head}export default defineCatalog({\n  units: { credits: {} },\n  actions: [ a: 1 ],\n})`,
    )
    expect(said).toMatch(/\(line 4\)[\s\S]*actions: \[ a: 1 \]/)
  })

  test('that throws is refused with what it threw, and the line', async () => {
    const said = await load(`${head}const price = eur(1)\nexport default price`)
    expect(said).toContain('eur is not defined (line 2)')
  })
})
