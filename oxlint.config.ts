/**
 * Lint rules. The order of the server's folders is here, once: a folder imports only from folders that stand
 * before it in its package's list. Everything else follows from oxlint's own categories.
 */
import { readdirSync } from 'node:fs'
import { defineConfig } from 'oxlint'

const serverFolders = [
  'kernel',
  'observability',
  'database',
  'events',
  'jobs',
  'http',
  'access',
  'catalog',
  'pricing',
  'ledger',
  'customers',
  'merges',
  'providers',
  'orders',
  'payments',
  'payment-methods',
  'inbox',
  'refunds',
  'shelf',
  'mirror',
  'reconcile',
  'engine',
  'server',
  'testing',
  'cli',
]

// A folder without a place in the order would be bound by nothing.
for (const entry of readdirSync(new URL('packages/server/src', import.meta.url), { withFileTypes: true })) {
  if (entry.isDirectory() && !serverFolders.includes(entry.name))
    throw new Error(`packages/server/src/${entry.name} needs its place in serverFolders (oxlint.config.ts).`)
}

interface ImportPattern {
  group: string[]
  message: string
}

/** One package sees of another what that publishes, by its name. */
const otherPackagesInside: ImportPattern = {
  group: ['**/server/src/**', '**/client/src/**', '**/dodo-sandbox/src/**', '**/packages/**', '**/apps/**'],
  message: 'Import the package by its name.',
}

function refuseImports(...patterns: ImportPattern[]) {
  const rule: ['error', { patterns: ImportPattern[] }] = ['error', { patterns }]
  return { 'no-restricted-imports': rule }
}

/** `engine` and `server` are single files, the rest are folders: both spellings are refused to what stands before. */
function importsRefusedTo(folder: string): ImportPattern {
  const later = serverFolders.slice(serverFolders.indexOf(folder) + 1)
  return {
    group: later.flatMap((name) => [`**/${name}/**`, `../${name}.ts`, `./${name}.ts`, `**/src/${name}.ts`]),
    message: `${folder}/ may import only what stands before it in oxlint.config.ts.`,
  }
}

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node', 'vitest', 'react', 'jsx-a11y'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['**/dist/**', '**/*.generated.ts'],
  rules: {
    'import/no-cycle': 'error',
    'no-shadow': 'off',
    'react/react-in-jsx-scope': 'off',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default': 'off',
    'import/no-named-as-default-member': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/require-module-specifiers': 'off',
    'no-underscore-dangle': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    // Express 5 passes a rejection on to its error handler by itself.
    'oxc/no-async-endpoint-handlers': 'off',
    'promise/always-return': 'off',
    'promise/no-multiple-resolved': 'off',
    'typescript/consistent-return': 'off',
    'vitest/require-mock-type-parameters': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    eqeqeq: 'error',
    'no-console': 'error',
  },
  overrides: [
    ...serverFolders.map((folder) => ({
      files: [`packages/server/src/${folder}/**`, `packages/server/src/${folder}.ts`],
      rules: refuseImports(importsRefusedTo(folder), otherPackagesInside),
    })),
    {
      files: ['packages/dodo-sandbox/src/**', 'packages/client/src/**'],
      rules: refuseImports(otherPackagesInside, {
        group: ['tallystick', 'tallystick/*', '@tallystick/*'],
        message: 'This package stands alone.',
      }),
    },
    { files: ['apps/**', 'examples/**', 'bench/**'], rules: refuseImports(otherPackagesInside) },
    {
      files: [
        'packages/server/test/audit/**',
        'packages/server/test/crash/check-books.ts',
        'packages/server/test/chaos/audit-purchases.ts',
        'packages/server/test/simulate/checkers/**',
      ],
      excludeFiles: ['**/*.test.ts'],
      rules: refuseImports({
        group: ['**/src/**', '../support/**', 'tallystick', '**/{app,store,world,sabotage}/**'],
        message: 'An auditor knows nothing of how the server counts.',
      }),
    },
    {
      files: [
        'tools/**',
        'e2e/**',
        'examples/**',
        'bench/**',
        '**/cli/**',
        '**/bin/**',
        '**/test/{model,simulate}/**',
        'boot.mjs',
      ],
      rules: { 'no-console': 'off' },
    },
    {
      files: ['**/*.test.ts', '**/*.contract.ts', 'e2e/**', '**/test/**'],
      rules: { 'typescript/no-non-null-assertion': 'off', 'no-await-in-loop': 'off' },
    },
    {
      files: ['packages/server/test/model/naive-*.ts'],
      rules: refuseImports({
        group: ['**/src/**', 'tallystick', 'tallystick/*', '@tallystick/*'],
        message: 'The naive ledger stands alone, so that it shares no mistake with what it checks.',
      }),
    },
    {
      files: ['examples/**', 'e2e/**', '**/*.test.ts', '**/test/**'],
      // A helper stands where it is read; an example's ten lines stand together.
      rules: { 'unicorn/consistent-function-scoping': 'off' },
    },
  ],
})
