/** What `npm start` runs: `tallystick dev` with the studio. What follows `--` is passed on (`--data DIR`, `--no-open`). */
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
process.argv.splice(
  2,
  0,
  'dev',
  '--config=apps/studio/tallystick.config.ts',
  '--run=studio=node --conditions=source apps/studio/server/main.ts',
  '--no-env-file',
)
await import('../packages/server/src/cli/main.ts')
