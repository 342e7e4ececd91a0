/** `npm run races`: see README.md. */
import { prove } from '../../../../tools/test-proof.ts'
import { faults } from './faults.ts'

process.exitCode = await prove({
  name: 'races',
  about: 'Many callers, processes and connections at once, on the same wallets, limits, keys and orders.',
  tests: ['packages/server/test/concurrency'],
  catching: ['processes', 'two-payments'].map(
    (name) => `packages/server/test/concurrency/${name}.postgres.test.ts`,
  ),
  faults,
})
