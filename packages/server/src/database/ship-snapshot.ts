/** Run before the package is packed: puts a snapshot of the compiled migrations beside them. */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeSnapshot, snapshotName } from './migrated-snapshot.ts'

const folder = dirname(fileURLToPath(import.meta.url))
for (const file of await readdir(folder)) {
  // oxlint-disable-next-line no-await-in-loop
  if (file.endsWith('.tar.gz')) await rm(join(folder, file))
}
await writeFile(join(folder, await snapshotName()), await makeSnapshot())
