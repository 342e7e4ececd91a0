import { providerKeyRefused, providerUnavailable } from '../errors.ts'

/** What makes something: its answer can be lost after it was made. */
export type Making = 'ensureProduct' | 'startCheckout' | 'chargeSavedMethod' | 'refund' | 'postCredits'

export type Trouble = 'away' | 'key_refused'

/** The network between the server and the provider, and what can be wrong with it. */
export interface Line {
  /** From now on no call gets through, until there is no trouble. */
  setTrouble(trouble: Trouble | undefined): void
  /** The next such call is done over there, and its answer does not arrive. */
  loseAnswer(making: Making): void
  /** The next so many calls are too many, and nothing is done for them. */
  limitRate(calls: number): void
  ask<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => Promise<R>
  make<A extends unknown[], R>(making: Making, work: (...args: A) => R): (...args: A) => Promise<R>
  list<A extends unknown[], T>(rows: (...args: A) => Iterable<T>): (...args: A) => AsyncIterable<T>
}

export function createLine(): Line {
  let trouble: Trouble | undefined
  const toLose = new Set<Making>()
  let tooMany = 0

  function get(): void {
    if (trouble === 'away') throw providerUnavailable(new Error('The fake provider is away.'))
    if (trouble === 'key_refused') throw providerKeyRefused(new Error('The fake provider refuses the key.'))
    if (tooMany > 0) {
      tooMany -= 1
      throw providerUnavailable(new Error('The fake provider is asked too often.'))
    }
  }

  return {
    setTrouble(next) {
      trouble = next
    },
    loseAnswer: (making) => void toLose.add(making),
    limitRate(calls) {
      tooMany = calls
    },
    ask:
      (work) =>
      async (...args) => {
        get()
        return work(...args)
      },
    make:
      (making, work) =>
      async (...args) => {
        get()
        const answer = work(...args)
        if (toLose.delete(making)) throw providerUnavailable(new Error('The answer was lost.'))
        return answer
      },
    list: (rows) =>
      async function* (...args) {
        get()
        yield* rows(...args)
      },
  }
}
