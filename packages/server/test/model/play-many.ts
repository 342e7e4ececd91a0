import * as fc from 'fast-check'
import type { LedgerUnderTest } from './ledger-under-test.ts'
import { Disagreement, play } from './play.ts'
import { history } from './steps.ts'
import { Tally } from './tally.ts'

/**
 * Plays random histories until there were so many operations.
 *
 * @throws an error that names the seed and tells the shortest history found in which the ledgers disagree
 */
export async function playMany(
  operationsMin: number,
  open: () => LedgerUnderTest | Promise<LedgerUnderTest>,
  options: { readonly seed?: number; readonly stepsMax?: number } = {},
): Promise<Tally> {
  const { seed = Date.now() | 0, stepsMax = 40 } = options
  const tally = new Tally()
  const property = fc.asyncProperty(history(stepsMax), async (drawn) => {
    await play(drawn, await open(), tally)
    tally.add('history')
  })
  // Histories have random lengths: rounds of a few, until it is enough.
  for (let round = 0; tally.sum('operation') < operationsMin; round += 1) {
    const details = await fc.check(property, { seed: seed + round, numRuns: 50, unbiased: true })
    if (!details.failed) continue
    const { errorInstance, numRuns, numShrinks } = details
    const told =
      errorInstance instanceof Disagreement ? errorInstance.message : String((errorInstance as Error).stack)
    throw new Error(`seed ${seed + round}, history ${numRuns}, shrunk ${numShrinks} times to:\n${told}`, {
      cause: errorInstance,
    })
  }
  return tally
}
