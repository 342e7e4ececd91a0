/** Chance that is the same for the same seed. */
export interface Random {
  /** A whole number below a maximum. */
  below(max: number): number
  oneOf<T>(all: readonly T[]): T
  /** True once in so many times. */
  chance(of: number): boolean
}

/** Mulberry32: 32 bits of state are plenty for some ten thousand draws. */
export function randomFrom(seed: number): Random {
  let state = seed
  const below = (max: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % max
  }
  return {
    below,
    oneOf: (all) => all[below(all.length)] as (typeof all)[number],
    chance: (of) => below(of) === 0,
  }
}
