/**
 * What `npm test` and CI run: every check and every test, going on after a failure, ending with `N passed, N failed`.
 * A line a step; what a step printed is shown when it failed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, runStep, type StepResult } from './run-step.ts'
import { countTests, runTests, type TestCounts } from './run-tests.ts'

const help = `npm test [-- [--only STEP]… [FILTER…]]

Without arguments: all steps. FILTER narrows the test files of the steps "tests" and "browser" to those whose path contains
it (\`npm test -- ledger\`); the other steps run all the same, so that a green end means a change is ready.
--only STEP runs the named step alone (it may be given several times): ${stepNames().join(', ')}.
While writing a test, \`npx vitest packages/server/src/ledger\` is quicker: it watches.`

interface Step {
  readonly name: string
  run(): Promise<StepOutcome>
}

interface StepOutcome extends StepResult, TestCounts {}

/** Scripts that write a file which is kept in git; with --check they compare instead. */
const generators = ['tools/openapi.ts', 'tools/refusals.ts', 'tools/client-types/generate.ts']

/** The studio's pages and the browser tests know the DOM, which Node's programs must not. */
const typeScriptProjects = ['tsconfig.json', 'e2e/tsconfig.json', 'apps/studio/web/tsconfig.json']

function stepNames(): string[] {
  return ['format', 'lint', 'types', 'generated', 'dead code', 'coverage', 'tests', 'browser']
}

function steps(filters: readonly string[]): Step[] {
  return [
    check('format', ['biome', 'check']),
    check('lint', ['oxlint', '--deny-warnings']),
    check('types', ...existing(typeScriptProjects).map((project) => ['tsc', '--noEmit', '-p', project])),
    check(
      'generated',
      ...existing(generators).map((script) => [process.execPath, '--conditions=source', script, '--check']),
    ),
    check('dead code', ['knip', '--no-progress']),
    check('coverage', [process.execPath, '--conditions=source', 'tools/coverage.ts']),
    tests('tests', 'code', filters),
    tests('browser', 'browser', filters),
  ]
}

function existing(paths: readonly string[]): string[] {
  return paths.filter((path) => existsSync(join(root, path)))
}

/** One step of several commands, each of which must succeed: counts as one. */
function check(name: string, ...commands: readonly (readonly string[])[]): Step {
  return {
    name,
    async run() {
      const results: StepResult[] = []
      for (const [command, ...args] of commands) {
        if (command !== undefined) results.push(await runStep(command, args))
      }
      const bad = results.filter((result) => result.status !== 0)
      return {
        status: bad[0]?.status ?? 0,
        output: bad.map((result) => result.output).join('\n'),
        durationMs: results.reduce((sum, result) => sum + result.durationMs, 0),
        passed: bad.length === 0 ? 1 : 0,
        failed: bad.length === 0 ? 0 : 1,
        skipped: 0,
      }
    },
  }
}

/** One project of vitest.config.ts: counts as many as it has tests. */
function tests(name: string, project: string, filters: readonly string[]): Step {
  return {
    name,
    async run() {
      const run = await runTests([...filters, `--project=${project}`, '--passWithNoTests'])
      return { ...run, ...countTests(run) }
    },
  }
}

function parseArguments(args: readonly string[]): { only: string[]; filters: string[] } {
  const only: string[] = []
  const filters: string[] = []
  const rest = [...args]
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--help' || argument === '-h') {
      console.log(help)
      process.exit(0)
    } else if (argument === '--only') {
      const step = rest.shift() ?? ''
      if (!stepNames().includes(step))
        fail(`There is no step "${step}"; there are ${stepNames().join(', ')}.`)
      only.push(step)
    } else if (argument.startsWith('-')) fail(`npm test does not know ${argument}; see npm test -- --help.`)
    else filters.push(argument)
  }
  return { only, filters }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}

const { only, filters } = parseArguments(process.argv.slice(2))
let passed = 0
let failed = 0
let skipped = 0
let testsSeen = 0
const chosen = steps(filters).filter((step) => only.length === 0 || only.includes(step.name))
for (const step of chosen) {
  if (process.stdout.isTTY) process.stdout.write(`${step.name.padEnd(10)} …\r`)
  const outcome = await step.run()
  passed += outcome.passed
  failed += outcome.failed
  skipped += outcome.skipped
  const isTests = step.name === 'tests' || step.name === 'browser'
  if (isTests) testsSeen += outcome.passed + outcome.failed
  if (outcome.failed > 0) console.log(`\n${outcome.output.trimEnd()}\n`)
  const verdict = outcome.failed === 0 ? 'ok' : 'FAILED'
  const counts = isTests ? `  ${outcome.passed} of ${outcome.passed + outcome.failed}` : ''
  console.log(
    `${step.name.padEnd(10)} ${verdict.padEnd(6)} ${(outcome.durationMs / 1000).toFixed(1).padStart(6)} s${counts}`,
  )
}
if (
  filters.length > 0 &&
  testsSeen === 0 &&
  chosen.some((step) => step.name === 'tests' || step.name === 'browser')
) {
  console.log(`No test file's path contains ${filters.map((filter) => `"${filter}"`).join(' or ')}.`)
  failed += 1
}
if (skipped > 0) console.log(`${skipped} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
