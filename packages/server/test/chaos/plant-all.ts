import { environmentWith, faultsNamed, plantAll } from '../../../../tools/sabotage.ts'
import { purchaseFaults } from './faults.ts'
import { runChaos } from './run-chaos.ts'

export interface PlantOptions {
  /** Those whose names contain one of these; all when there is none. */
  readonly names: readonly string[]
  readonly seed: number
  readonly say: (line: string) => void
}

/** Enough that each fault meets what it needs to show. */
const orders = 120
const kills = 6

const wordsMax = 240

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export function plantInPurchases({ names, seed, say }: PlantOptions): Promise<number> {
  return plantAll(faultsNamed(purchaseFaults, names), {
    // A run has a server, a Postgres and a Dodo of its own.
    atOnce: 1,
    say,
    hunt: async (fault) => {
      const report = await runChaos({
        orders,
        kills,
        seed,
        environment: environmentWith(fault),
        say: () => {},
      })
      const found = [...report.wrong, ...report.grantedTwice, ...report.missed]
      const [first] = found
      say(
        first === undefined
          ? `NOT CAUGHT: ${fault.name}`
          : `caught: ${fault.name}\n  ${found.length} wrong: ${first.slice(0, wordsMax)}`,
      )
      return first !== undefined
    },
  })
}
