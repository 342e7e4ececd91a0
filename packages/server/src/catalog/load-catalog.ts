import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
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
  // In a package of CommonJS, which is what `npm init` makes, Node would take the file for CommonJS and stumble over its first import.
  const format = path.endsWith('ts') ? 'module-typescript' : 'module'
  const hooks = registerHooks({
    load: (loaded, context, next) => next(loaded, loaded === url ? { ...context, format } : context),
  })
  try {
    const module = (await import(url)) as { default?: unknown }
    return module.default
  } catch (error) {
    throw new CatalogError(path, [{ path: '', message: whyNotImported(error, path) }], error)
  } finally {
    hooks.deregister()
  }
}

function whyNotImported(error: unknown, path: string): string {
  if (!existsSync(path)) {
    return 'does not exist; write one that ends with export default defineCatalog({ … }), or name yours with TALLYSTICK_CONFIG or --config.'
  }
  if (!(error instanceof Error)) return `throws ${String(error)} when it is read; mend that line.`
  const missing =
    'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
      ? /'([^']+)'/.exec(error.message)?.[1]
      : undefined
  if (missing !== undefined)
    return `imports ${missing}, which is not there; mend the import, or install the package.`
  return `cannot be read: ${error.message}${whereIn(error, path)}`
}

/** ", line 4" of the file, and the line itself where Node shows it. */
function whereIn(error: Error, path: string): string {
  const stack = (error.stack ?? '').split('\n')
  const place = stack.findIndex((line) => line.includes(basename(path)))
  const line = /[?:][^ )]*?:(\d+)(?::\d+)?\)?$/.exec(stack[place] ?? '')?.[1]
  if (line === undefined) return ''
  // Of a syntax error Node shows the lines up to the place, and points at it.
  const pointer = stack.findIndex((shown) => shown.trim() === '^')
  const shown = place === 0 && pointer > 0 ? `\n${stack.slice(1, pointer + 1).join('\n')}` : ''
  return ` (line ${line})${shown}`
}
