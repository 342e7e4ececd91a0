import { environmentWith, faultsNamed, plantAll } from '../../../../tools/sabotage.ts'
import { purchaseFaults } from './faults.ts'
import { runChaos } from './run-chaos.ts'

export interface PlantOptions {
  /** Those whose names contain one of these; all when there is none. */
  readonly names: readonly string[]
  readonly seed: number
  readonly say: (line: string) => void
}

/** Most faults meet what they need to show in the first run; a few need chances that come once or twice in so many orders. */
const orders = 120
const kills = 6
const runsMax = 4

const wordsMax = 240

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export function plantInPurchases({ names, seed, say }: PlantOptions): Promise<number> {
  return plantAll(faultsNamed(purchaseFaults, names), {
    // A run has a server, a Postgres and a Dodo of its own.
    atOnce: 1,
    say,
    hunt: async (fault) => {
      const environment = environmentWith(fault)
      for (let run = 0; run < runsMax; run += 1) {
        // oxlint-disable-next-line no-await-in-loop
        const report = await runChaos({ orders, kills, seed: seed + run, environment, say: () => {} })
        const found = [...report.wrong, ...report.grantedTwice, ...report.missed]
        const [first] = found
        if (first !== undefined) {
          say(`caught: ${fault.name}\n  ${found.length} wrong: ${first.slice(0, wordsMax)}`)
          return true
        }
      }
      say(`NOT CAUGHT: ${fault.name}`)
      return false
    },
  })
}
