import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Catalog } from './catalog.ts'
import { CatalogError, checkCatalog } from './check-catalog.ts'

/**
 * Reads the catalog from a file (`tallystick.config.ts`): Node strips its types.
 *
 * @param version read again under a new version, Node reads the file again; what the file imports stays as it was
 * @throws CatalogError that says what is wrong with the file and what to write
 */
export async function loadCatalog(file: string, version = 0): Promise<Catalog> {
  const path = resolve(file)
  const url = pathToFileURL(path)
  if (version > 0) url.searchParams.set('version', String(version))
  return checkCatalog(await importDefault(path, url.href), basename(path))
}

async function importDefault(path: string, url: string): Promise<unknown> {
  try {
    const module = (await import(url)) as { default?: unknown }
    return module.default
  } catch (error) {
    throw new CatalogError(path, [{ path: '', message: whyNotImported(error, path) }], error)
  }
}

function whyNotImported(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(path))
    return 'does not exist; write one that ends with export default defineCatalog({ … }), or name yours with TALLYSTICK_CONFIG or --config.'
  return `cannot be read: ${message}`
}
