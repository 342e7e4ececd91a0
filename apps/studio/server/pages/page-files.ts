import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>
  type: string
  /** Whether the name changes with the content, so that a browser may keep it for good. */
  isHashed: boolean
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
}

/** Reads the built pages into memory: they are a few hundred kilobytes, and then a request touches no disk and no path. */
export async function readPageFiles(folder: string): Promise<Map<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) in types)
  const read = await Promise.all(
    files.map(async (entry): Promise<[string, PageFile]> => {
      const path = join(entry.parentPath, entry.name)
      const url = `/${relative(folder, path).split(sep).join('/')}`
      const bytes = new Uint8Array(await readFile(path))
      return [url, { bytes, type: types[extname(path)] ?? '', isHashed: url.startsWith('/assets/') }]
    }),
  )
  return new Map(read)
}
