import * as fc from 'fast-check'
import type { Stand } from './ledger-under-test.ts'
import { Disagreement, playTogether } from './play.ts'
import { type History, history } from './steps.ts'
import { Tally } from './tally.ts'
import { timeline } from './timeline.ts'

export interface Run {
  readonly seed: number
  readonly operationsMin: number
  /** Whether a history that fails is made as short as can be; true unless given. */
  readonly shrinks?: boolean
  readonly open: () => Promise<Stand>
}

const stepsPerHistory = 32

/** A transaction carries what all of them ask at one step: with few, statements that hardly do anything take most of the time. */
const historiesPerRound = 250

/**
 * Plays random histories until there were so many operations.
 *
 * @throws an error that names the seed and tells the shortest history found in which the ledgers disagree
 */
export async function playMany({ seed, operationsMin, open, shrinks = true }: Run): Promise<Tally> {
  const tally = new Tally()
  const stand = await open()
  const other = stand.openLedger()
  const rounds: Round[] = []
  while (tally.sum('operation') < operationsMin) {
    const round = roundOf(seed + rounds.length)
    const played = rounds.length * historiesPerRound
    rounds.push(round)
    const histories = round.seeds.map((one) => drawn(history(stepsPerHistory), one))
    try {
      await playTogether(histories, { clocks: round.clocks, other, tally, played, isAudited: false })
    } catch (error) {
      await stand.close()
      if (!shrinks) throw error
      const suspects = error instanceof Disagreement ? [round.seeds[error.history]!] : round.seeds
      throw await shrunk(error, { ...round, seeds: suspects }, { open, after: tally.sum('operation') })
    }
  }
  // Once, at the end: what is stored and does not add up stays so.
  const [difference] = await other.differences()
  await stand.close()
  if (difference !== undefined) {
    if (!shrinks) throw new Error(difference.what)
    const index = Number.parseInt(difference.wallet, 10) - 1
    const round = rounds[Math.floor(index / historiesPerRound)]!
    const seeds = [round.seeds[index % historiesPerRound]!]
    throw await shrunk(
      new Error(difference.what),
      { ...round, seeds },
      { open, after: tally.sum('operation') },
    )
  }
  return tally
}

/** Histories on one timeline. */
interface Round {
  readonly seed: number
  readonly clocks: readonly Date[]
  /** Of the histories. */
  readonly seeds: readonly number[]
}

function roundOf(seed: number): Round {
  return {
    seed,
    clocks: drawn(timeline(stepsPerHistory), seed),
    seeds: Array.from({ length: historiesPerRound }, (_, index) => Math.imul(seed, 1_000_003) + index),
  }
}

function drawn<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  const [value] = fc.sample(arbitrary, { seed, numRuns: 1, unbiased: true })
  return value!
}

/** Plays the suspects again, each alone, and shortens the first that fails. */
async function shrunk(
  cause: unknown,
  { seed, clocks, seeds }: Round,
  { open, after }: Pick<Run, 'open'> & { readonly after: number },
): Promise<Error> {
  const about = `seed ${seed}, after ${after} operations`
  const stand = await open()
  const failureOf = async (one: History): Promise<Error | undefined> => {
    const other = stand.openLedger()
    try {
      await playTogether([one], { clocks, other, tally: new Tally(), played: 0, isAudited: true })
    } catch (error) {
      return error as Error
    }
    return undefined
  }
  try {
    for (const one of seeds) {
      const suspect = drawn(history(stepsPerHistory), one)
      if ((await failureOf(suspect)) === undefined) continue
      const operations = await shortest(
        suspect.operations,
        async (some) => (await failureOf({ ...suspect, operations: some })) !== undefined,
      )
      const error = await failureOf({ ...suspect, operations })
      const told = error instanceof Disagreement ? error.message : String(error?.stack)
      return new Error(
        `${about}, shrunk from ${suspect.operations.length} to ${operations.length} operations:\n${told}`,
        {
          cause: error,
        },
      )
    }
  } finally {
    await stand.close()
  }
  return new Error(`${about}, and in company only: ${String((cause as Error).stack)}`, { cause })
}

/**
 * The shortest list found that still fails: stretches are left out, ever shorter ones, from the end on. fast-check's own shrinking tries each
 * element by itself, which takes minutes where an attempt takes tenths of a second.
 */
async function shortest<T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = all
  for (let size = Math.ceil(all.length / 2); size >= 1; ) {
    const before = kept.length
    for (let end = before; end > 0; end -= size) {
      const without = kept.toSpliced(Math.max(end - size, 0), Math.min(size, end))
      if (await fails(without)) kept = without
    }
    // What was needed by something that is now gone is needed no more.
    if (size > 1) size = Math.floor(size / 2)
    else if (kept.length === before) break
  }
  return kept
}
