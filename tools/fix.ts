/** What `npm run fix` runs: mends what a machine can mend, formats last. */
import { runStep } from './run-step.ts'

let status = 0
for (const [command, ...args] of [
  ['oxlint', '--fix'],
  ['biome', 'check', '--write'],
] as const) {
  const result = await runStep(command, args)
  console.log(result.output.trimEnd())
  status ||= result.status
}
process.exit(status)
