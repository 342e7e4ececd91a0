import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What this program and its children make in a data folder: databases with the webhook's secret, the keys, what was logged. */
const ours = /^(?:db|studio|logs|dev\.json|(?:dodo|lock)\.sqlite(?:-\w+)?)$/

/**
 * Makes a data folder, and what earlier versions made in it, its owner's alone. A folder that everybody may write to is shared on
 * purpose (`--data /tmp`) and stays so; only what is ours in it is closed.
 */
export async function closeToOthers(folder: string): Promise<void> {
  const { mode } = await stat(folder)
  if ((mode & 0o002) === 0) await tryChmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!ours.test(entry.name)) continue
    if (entry.isDirectory()) await tryChmod(join(folder, entry.name), 0o700)
    else if (entry.isFile()) await tryChmod(join(folder, entry.name), 0o600)
  }
}

/** Somebody else's folder, or a file system without modes: its owner decides who reads it. */
async function tryChmod(path: string, mode: number): Promise<void> {
  await chmod(path, mode).catch(() => {})
}
