/** `npm run crash`: see README.md. Ends with a line of figures for each proof that was asked for. */
import { parseArgs } from 'node:util'
import { runKills } from './kills/run-kills.ts'
import { plantAll } from './plant-all.ts'

const help = `npm run crash [-- [--kills N] [--power-cuts N] [--seed N] | -- --sabotage [NAME…]]

Without arguments: 50 kills and 30 power cuts.
--kills N        server, Postgres or both are killed N times under load
--power-cuts N   the power fails N times under PGlite
--seed N         another course of things than that of seed 1
--sabotage       faults are planted into our code, each of which must be caught: all, or those whose names contain NAME`

/** On the average, between two kills: 50 of them come to more than 10,000. */
const acknowledgementsPerKill = 280
const killsUnlessGiven = 50

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kills: { type: 'string' },
      'power-cuts': { type: 'string' },
      seed: { type: 'string', default: '1' },
      sabotage: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    say(help)
    return 0
  }
  const seed = Number(values.seed)
  if (values.sabotage) return plantAll({ names: positionals, seed, say })
  const isAll = values.kills === undefined && values['power-cuts'] === undefined
  const kills = Number(values.kills ?? (isAll ? killsUnlessGiven : 0))
  return kills > 0 ? prove(kills, seed) : 0
}

async function prove(kills: number, seed: number): Promise<number> {
  const report = await runKills({ kills, seed, acknowledgementsPerKill, say })
  for (const wrong of report.wrong) say(wrong)
  const { before, during, after } = report.moments
  say(
    `Killed before the commit: ${before} operations; in the middle of a transaction: ${during} transactions; between commit and answer: ${after} operations.`,
  )
  say(
    `kills=${report.kills} acknowledged=${report.acknowledged} lost=${report.lost} doubled=${report.doubled}`,
  )
  return report.wrong.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()
