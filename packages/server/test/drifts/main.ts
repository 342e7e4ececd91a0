/** `npm run drifts`: see README.md. */
import { prove } from '../../../../tools/test-proof.ts'
import { faults } from './faults.ts'

process.exitCode = await prove({
  name: 'drifts',
  about:
    'Whatever is stored twice and changed behind the back of the ledger is named by its verification, and nothing that it did itself.',
  tests: ['verify', 'jobs'].map((name) => `packages/server/src/ledger/${name}.test.ts`),
  faults,
})
