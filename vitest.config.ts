import { pathToFileURL } from 'node:url'
import { defineConfig } from 'vitest/config'
import { isSabotaged, sourceWithFault } from './tools/sabotage.ts'

// Workspace packages are run from their sources: the condition `source` stands first in their exports.
// Conditions named here are given to Node itself in the test processes too; naming `import` would break every `require`.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }
const inBrowser = 'packages/*/test/browser/**/*.test.ts'
// A fault that the environment names is in what tests load, as it is in what they start.
const sabotage = {
  name: 'sabotage',
  enforce: 'pre' as const,
  load: (id: string) => sourceWithFault(pathToFileURL(id).href),
}
// What is waited for comes when it comes: the second that vitest waits by itself is short on a crowded machine.
const patience = { poll: { timeout: 30_000 } }
const exclude = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  test: {
    globalSetup: ['./tools/postgres/vitest-setup.ts'],
    maxWorkers: 2,
    // What is kept of a file is found by what the file says, which a fault does not change.
    fsModuleCache: !isSabotaged,
    projects: [
      {
        ...source,
        plugins: [sabotage],
        test: {
          name: 'code',
          include: [
            'packages/*/{src,test}/**/*.test.ts',
            'apps/*/**/*.test.{ts,tsx}',
            'examples/**/*.test.ts',
            'tools/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          exclude: [...exclude, inBrowser],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: patience,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['e2e/**/*.test.ts', inBrowser],
          exclude,
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patience,
          // A browser, a model and a server fill both cores: these run after the others, one file at a time.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
