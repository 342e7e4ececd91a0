import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Brings to disk what is in a folder, its names, and the folder's own name in those above it. */
export function syncFolder(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) syncPath(join(entry.parentPath, entry.name))
  syncNames(folder)
}

/** Brings to disk which names are in a folder, and its own in those above it. */
export function syncNames(folder: string): void {
  syncPath(folder)
  const above = dirname(folder)
  if (above !== folder) syncNames(above)
}

function syncPath(path: string): void {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    // A folder above that this user may not read was there before, and Windows opens no folder at all.
    return
  }
  try {
    fsyncSync(file)
  } catch {
    // Windows syncs only what is open for writing.
  } finally {
    closeSync(file)
  }
}
