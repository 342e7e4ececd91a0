import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { environmentWith, type Fault, faultsNamed, plantAll } from '../../../../tools/sabotage.ts'
import { faultsForKills, faultsForPowerCuts } from './faults.ts'
import { runKills } from './kills/run-kills.ts'

export interface PlantOptions {
  /** Those whose names contain one of these; all when there is none. */
  readonly names: readonly string[]
  readonly seed: number
  readonly say: (line: string) => void
}

/** What answers too early is caught when Postgres is killed in the 25 ms between: three of four kills miss it. */
const killsMax = 24
const acknowledgementsPerKill = 150
const cutsMax = 30

const wordsMax = 240

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export function plantInAll({ names, seed, say }: PlantOptions): Promise<number> {
  return plantAll(faultsNamed([...faultsForKills, ...faultsForPowerCuts], names), {
    // Kills come at moments that a busy machine would shift.
    atOnce: 1,
    say,
    hunt: async (fault) => {
      const found = await (faultsForKills.includes(fault) ? byKills : byPowerCuts)(fault, seed)
      say(
        `${found === undefined ? 'NOT CAUGHT' : 'caught'}: ${fault.name}\n  ${found?.slice(0, wordsMax) ?? ''}`,
      )
      return found !== undefined
    },
  })
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
  return report.wrong[0] && `after ${report.kills} kills: ${report.wrong[0]}`
}

/** The same, in a process of its own: what is cut off from its disk there has the fault in it. */
async function byPowerCuts(fault: Fault, seed: number): Promise<string | undefined> {
  const args = ['--conditions=source', join(import.meta.dirname, 'main.ts')]
  const child = spawn(process.execPath, [...args, '--power-cuts', String(cutsMax), '--seed', String(seed)], {
    env: { ...process.env, ...environmentWith(fault) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = (await text(child.stdout)).trimEnd().split('\n')
  const last = lines.at(-1) ?? ''
  if (!last.startsWith('power_cuts=')) throw new Error(`The power cuts came to no end:\n${lines.join('\n')}`)
  const wrong = lines.find((line) => line.startsWith('wrong: '))
  return wrong && `${last}; ${wrong}`
}
