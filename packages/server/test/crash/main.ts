/** `npm run crash`: see README.md. Ends with a line of figures for each proof that was asked for. */
import { parseArgs } from 'node:util'
import { runKills } from './kills/run-kills.ts'
import { plantInAll } from './plant-all.ts'
import { runPowerCuts } from './power-cuts/run-power-cuts.ts'

const help = `npm run crash [-- [--kills N] [--power-cuts N] [--seed N] | -- --sabotage [NAME…]]

Without arguments: 50 kills and 30 power cuts.
--kills N        server, Postgres or both are killed N times under load
--power-cuts N   the power fails N times under PGlite
--seed N         another course of things than that of seed 1
--sabotage       faults are planted into our code, each of which must be caught: all, or those whose names contain NAME`

/** On the average, between two kills: 50 of them come to more than 10,000. */
const acknowledgementsPerKill = 280
const killsUnlessGiven = 50
const powerCutsUnlessGiven = 30

/** Where much is wrong, the first tell enough. */
const wrongShownMax = 20

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
  if (values.sabotage) return plantInAll({ names: positionals, seed, say })
  const isAll = values.kills === undefined && values['power-cuts'] === undefined
  const kills = Number(values.kills ?? (isAll ? killsUnlessGiven : 0))
  const cuts = Number(values['power-cuts'] ?? (isAll ? powerCutsUnlessGiven : 0))
  const proofs = [
    ...(kills > 0 ? [await proveByKills(kills, seed)] : []),
    ...(cuts > 0 ? [await proveByPowerCuts(cuts, seed)] : []),
  ]
  for (const { wrong } of proofs) for (const one of wrong.slice(0, wrongShownMax)) say(`wrong: ${one}`)
  for (const { figures } of proofs) say(figures)
  return proofs.every(({ wrong }) => wrong.length === 0) ? 0 : 1
}

interface Proof {
  readonly figures: string
  readonly wrong: readonly string[]
}

async function proveByKills(kills: number, seed: number): Promise<Proof> {
  const { acknowledged, lost, doubled, wrong, moments, ...done } = await runKills({
    kills,
    seed,
    acknowledgementsPerKill,
    say,
  })
  const { before, during, after } = moments
  say(
    `Killed before the commit: ${before} operations; in the middle of a transaction: ${during} transactions; between commit and answer: ${after} operations.`,
  )
  return {
    figures: `kills=${done.kills} acknowledged=${acknowledged} lost=${lost} doubled=${doubled}`,
    wrong,
  }
}

async function proveByPowerCuts(planned: number, seed: number): Promise<Proof> {
  const { cuts, acknowledged, lost, doubled, wrong } = await runPowerCuts({ cuts: planned, seed, say })
  return {
    figures: `power_cuts=${cuts} acknowledged=${acknowledged} lost=${lost} doubled=${doubled}`,
    wrong,
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const code = await main()
// What did not open is still at it; what is said must be out before the end.
process.stdout.write('', () => process.exit(code))
