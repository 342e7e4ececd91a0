/** A proof that consists of tests. Without a fault they all pass; with any of those planted, one of them fails. */
import { parseArgs } from 'node:util'
import { countTests, runTests } from './run-tests.ts'
import { environmentWith, type Fault, faultsNamed, plantAll } from './sabotage.ts'

export interface TestProof {
  /** Of its command: `npm run …`. */
  readonly name: string
  /** What it shows, in a line. */
  readonly about: string
  /** Of the tests' paths, from the repository's folder. */
  readonly tests: readonly string[]
  /** Those of them that are to catch faults: all unless given. */
  readonly catching?: readonly string[]
  readonly faults: readonly Fault[]
}

/** Ends with `tests=… failed=…`; with `--sabotage`, `planted=… caught=…`. Answers the exit code. */
export async function prove(proof: TestProof): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sabotage: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(helpOf(proof))
    return 0
  }
  return values.sabotage ? plantInAll(proof, positionals) : runAll(proof)
}

function helpOf({ name, about }: TestProof): string {
  return `npm run ${name} [-- --sabotage [NAME…]]

${about}
--sabotage  faults are planted into our code, each of which must be caught: all, or those whose names contain NAME`
}

async function runAll({ tests }: TestProof): Promise<number> {
  const run = await runTests(tests)
  const { passed, failed } = countTests(run)
  if (failed > 0) console.log(run.output.trimEnd())
  console.log(`tests=${passed + failed} failed=${failed}`)
  return failed === 0 ? 0 : 1
}

function plantInAll(
  { tests, catching = tests, faults }: TestProof,
  names: readonly string[],
): Promise<number> {
  return plantAll(faultsNamed(faults, names), {
    // Tests have both cores to themselves, as ever.
    atOnce: 1,
    say: console.log,
    hunt: async (fault) => {
      const { isCaught, by, seconds } = await hunt(fault, catching)
      console.log(`${fault.name.padEnd(72)} ${seconds.padStart(5)} s  ${isCaught ? by : `NOT CAUGHT: ${by}`}`)
      return isCaught
    },
  })
}

const wordsMax = 160

export interface Hunt {
  readonly isCaught: boolean
  /** The test that failed, and why; or why none did. */
  readonly by: string
  readonly seconds: string
}

/** Runs the tests with the fault in what they load and start. It is caught by a test that fails, and not by one that cannot be run. */
export async function hunt(fault: Fault, tests: readonly string[]): Promise<Hunt> {
  const { report, status, durationMs } = await runTests([...tests, '--bail=1'], environmentWith(fault))
  const failed = report?.testResults
    .flatMap((file) => file.assertionResults)
    .find((test) => test.status === 'failed')
  const seconds = (durationMs / 1000).toFixed(1)
  if (failed === undefined)
    return { isCaught: false, by: status === 0 ? 'every test passed' : 'the tests could not be run', seconds }
  const why = failed.failureMessages?.[0]?.replaceAll(/\s+/g, ' ')
  return { isCaught: true, by: `${failed.title}: ${why}`.slice(0, wordsMax), seconds }
}
