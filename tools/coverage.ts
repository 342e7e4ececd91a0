/**
 * Holds the ledger's pure middle to its last branch: what decides on credits is run by its own tests in every way it can go. `npm test` runs it.
 */
import { runStep } from './run-step.ts'

const tests = ['packages/server/src/ledger/decide', 'packages/server/src/ledger/window.test.ts']
const measured = 'packages/server/src/ledger/{decide/*,settle,posting,lot,window}.ts'

const { status, output } = await runStep('vitest', [
  'run',
  ...tests,
  '--project=code',
  '--coverage',
  `--coverage.include=${measured}`,
  '--coverage.reporter=text',
  ...['statements', 'branches', 'functions', 'lines'].map((what) => `--coverage.thresholds.${what}=100`),
])
console.log(output.trimEnd())
process.exit(status)
