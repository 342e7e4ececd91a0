import { watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Catalog } from './catalog.ts'
import { loadCatalog } from './load-catalog.ts'

/** Editors save in several steps; after the last one the file is whole. */
const settleMs = 60

export interface CatalogWatch {
  close(): void
}

/**
 * Loads the catalog again each time its file is saved. A file that is broken is reported, and changes nothing.
 *
 * The folder is watched and not the file, because many editors save by putting a new file in the old one's place.
 */
export function watchCatalog(
  file: string,
  events: { onLoaded(catalog: Catalog): Promise<void>; onBroken(error: unknown): void },
): CatalogWatch {
  const path = resolve(file)
  let version = 0
  let timer: NodeJS.Timeout | undefined
  let loading = Promise.resolve()

  async function reload(): Promise<void> {
    try {
      version += 1
      await events.onLoaded(await loadCatalog(path, version))
    } catch (error) {
      events.onBroken(error)
    }
  }

  const watcher = watch(dirname(path), { persistent: false }, (_, changed) => {
    if (changed !== null && changed !== basename(path)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      loading = loading.then(reload)
    }, settleMs)
  })
  return {
    close: () => {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
