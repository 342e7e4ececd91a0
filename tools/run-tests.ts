import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonTestResults } from 'vitest/node'
import { runStep, type StepResult } from './run-step.ts'

export interface TestRun extends StepResult {
  /** Undefined when vitest itself did not get to its end. */
  readonly report: JsonTestResults | undefined
}

/** Runs vitest in the repository's folder, and reads what it reports. */
export async function runTests(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-test-'))
  const file = join(folder, 'report.json')
  const reporters = ['--reporter=minimal', '--reporter=json', `--outputFile.json=${file}`]
  try {
    const result = await runStep('vitest', ['run', ...args, ...reporters], undefined, environment)
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JsonTestResults) : undefined
    return { ...result, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function countTests({ report, status }: TestRun): TestCounts {
  // No report: vitest itself did not get to its end.
  if (report === undefined) return { passed: 0, failed: status === 0 ? 0 : 1, skipped: 0 }
  // A file that failed outside its tests (an import, a hook) counts as one failure, and so does an error outside all files.
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = report.numFailedTests + brokenFiles
  return {
    passed: report.numPassedTests,
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
