import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Way } from '../way.ts'
import { charge, grantToAll, openEngine, wayOver } from './engine.ts'

/** The engine over the embedded database, in a folder that is synced at every commit. All of Postgres's work is then done in this process. */
export async function openOnPglite(): Promise<Way> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-bench-'))
  const engine = await openEngine({ dataDir: folder })
  await grantToAll(engine)
  const way = wayOver(engine, charge, { postmaster: undefined })
  return {
    ...way,
    close: async () => {
      await way.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
