/**
 * Writes packages/server/openapi.json from the routes. `--check` writes nothing and fails when it is stale.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { createEngine, createServer, defineCatalog } from 'tallystick'

const file = new URL('../packages/server/openapi.json', import.meta.url)

async function generate(): Promise<string> {
  const catalog = defineCatalog({ units: { credits: {} }, actions: {} })
  const engine = await createEngine({ catalog, database: { dataDir: undefined } })
  try {
    const server = createServer(engine, { apiKeys: ['tsk_test_openapi'] })
    return `${JSON.stringify(server.openapi(), undefined, 2)}\n`
  } finally {
    await engine.close()
  }
}

const fresh = await generate()
if (process.argv.includes('--check')) {
  const stored = await readFile(file, 'utf8').catch(() => '')
  if (stored !== fresh) {
    console.error(
      'packages/server/openapi.json is stale. Write it anew: node --conditions=source tools/openapi.ts',
    )
    process.exitCode = 1
  }
} else {
  await writeFile(file, fresh)
}
