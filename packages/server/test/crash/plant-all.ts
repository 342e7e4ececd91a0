import { environmentWith, type Fault } from '../../../../tools/sabotage.ts'
import { faultsForKills } from './faults.ts'
import { runKills } from './kills/run-kills.ts'

export interface PlantOptions {
  /** Those whose names contain one of these; all when there is none. */
  readonly names: readonly string[]
  readonly seed: number
  readonly say: (line: string) => void
}

/** Enough that each of them was caught by most seeds within the first half. */
const killsMax = 8
const acknowledgementsPerKill = 150

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export async function plantAll({ names, seed, say }: PlantOptions): Promise<number> {
  const isChosen = ({ name }: Fault) => names.length === 0 || names.some((part) => name.includes(part))
  const kills = faultsForKills.filter(isChosen)
  let caught = 0
  for (const fault of kills) {
    const found = await byKills(fault, seed)
    if (found !== undefined) caught += 1
    say(`${found === undefined ? 'NOT CAUGHT' : 'caught'}: ${fault.name}\n  ${found ?? ''}`)
  }
  say(`planted=${kills.length} caught=${caught}`)
  return caught === kills.length ? 0 : 1
}

/** The first thing that was found wrong. */
async function byKills(fault: Fault, seed: number): Promise<string | undefined> {
  const report = await runKills({
    kills: killsMax,
    seed,
    acknowledgementsPerKill,
    environment: environmentWith(fault),
    untilWrong: true,
    say: () => {},
  })
  const wordsMax = 160
  return report.wrong[0] && `after ${report.kills} kills: ${report.wrong[0].slice(0, wordsMax)}`
}
