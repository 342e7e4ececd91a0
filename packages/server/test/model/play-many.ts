import * as fc from 'fast-check'
import type { LedgerUnderTest } from './ledger-under-test.ts'
import { Disagreement, playTogether } from './play.ts'
import { history } from './steps.ts'
import { Tally } from './tally.ts'
import { timeline } from './timeline.ts'

export interface Run {
  readonly seed: number
  readonly operationsMin: number
  /** A ledger of its own for each round, and for each attempt to shrink. */
  readonly open: () => LedgerUnderTest
}

const stepsPerHistory = 40

/** A transaction carries what all of them ask at one step. */
const historiesPerRound = 150

/**
 * Plays random histories until there were so many operations.
 *
 * @throws an error that names the seed and tells the shortest history found in which the ledgers disagree
 */
export async function playMany({ seed, operationsMin, open }: Run): Promise<Tally> {
  const tally = new Tally()
  for (let round = seed; tally.sum('operation') < operationsMin; round += 1) {
    const clocks = drawn(timeline(stepsPerHistory), round)
    const seeds = Array.from({ length: historiesPerRound }, (_, index) => Math.imul(round, 1_000_003) + index)
    const histories = seeds.map((one) => drawn(history(stepsPerHistory), one))
    try {
      await playTogether(histories, { clocks, other: open(), tally })
    } catch (error) {
      const suspects = error instanceof Disagreement ? [seeds[error.history]!] : seeds
      const played = tally.sum('operation')
      throw await told(error, { suspects, clocks, open, about: `seed ${round}, after ${played} operations` })
    }
  }
  return tally
}

function drawn<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  const [value] = fc.sample(arbitrary, { seed, numRuns: 1, unbiased: true })
  return value!
}

interface Failure {
  /** The seeds of the histories of which one is to blame. */
  readonly suspects: readonly number[]
  readonly clocks: readonly Date[]
  readonly open: () => LedgerUnderTest
  readonly about: string
}

/** Plays the suspects again, each alone, and shrinks the first that fails. */
async function told(cause: unknown, { suspects, clocks, open, about }: Failure): Promise<Error> {
  const property = fc.asyncProperty(history(stepsPerHistory), (one) =>
    playTogether([one], { clocks, other: open(), tally: new Tally() }),
  )
  for (const seed of suspects) {
    const details = await fc.check(property, { seed, numRuns: 1, unbiased: true })
    if (!details.failed) continue
    const { errorInstance: error, numShrinks } = details
    const text = error instanceof Disagreement ? error.message : String((error as Error).stack)
    return new Error(`${about}, shrunk ${numShrinks} times to:\n${text}`, { cause: error })
  }
  return new Error(`${about}, and in company only: ${String((cause as Error).stack)}`, { cause })
}
