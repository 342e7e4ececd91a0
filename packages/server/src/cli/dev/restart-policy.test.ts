import { describe, expect, test } from 'vitest'
import { afterDeath, type Death } from './restart-policy.ts'

function death(changes: Partial<Death> = {}): Death {
  return { atMs: 0, livedMs: 5_000, answered: true, code: null, signal: 'SIGKILL', ...changes }
}

function each(count: number, everyMs: number, changes: Partial<Death> = {}): Death[] {
  return Array.from({ length: count }, (_, index) => death({ atMs: index * everyMs, ...changes }))
}

const service = { kind: 'service', hasEverAnswered: true } as const

describe('a death is followed by', () => {
  test('a restart at once', () => {
    expect(afterDeath({ ...service, deaths: [death()] })).toEqual({ kind: 'restart', afterMs: 0 })
  })

  test('a restart at once also for the tenth kill in a row of one that had answered', () => {
    expect(afterDeath({ ...service, deaths: each(10, 2_000) })).toEqual({ kind: 'restart', afterMs: 0 })
  })

  test('longer and longer waits where it dies before it answers, and then the end', () => {
    const verdicts = [1, 2, 3, 4].map((count) =>
      afterDeath({
        ...service,
        deaths: [death(), ...each(count, 100, { answered: false, code: 1, signal: null })],
      }),
    )
    expect(verdicts.map((verdict) => (verdict.kind === 'restart' ? verdict.afterMs : verdict.kind))).toEqual([
      250,
      500,
      1_000,
      'give-up',
    ])
  })

  test('the end where it dies thirty times within a minute', () => {
    expect(afterDeath({ ...service, deaths: each(30, 1_900) })).toMatchObject({ kind: 'give-up' })
    expect(afterDeath({ ...service, deaths: each(30, 2_100) })).toMatchObject({ kind: 'restart' })
  })

  test('the end where it exits before it ever answered, for it was given something wrong', () => {
    const deaths = [death({ answered: false, code: 1, signal: null })]
    expect(afterDeath({ kind: 'service', hasEverAnswered: false, deaths })).toMatchObject({ kind: 'give-up' })
  })

  test('a restart where it was killed before it ever answered', () => {
    expect(
      afterDeath({ kind: 'service', hasEverAnswered: false, deaths: [death({ answered: false })] }),
    ).toMatchObject({ kind: 'restart' })
  })

  test('nothing where a command has done its work; a service must run', () => {
    const deaths = [death({ code: 0, signal: null })]
    expect(afterDeath({ kind: 'command', hasEverAnswered: true, deaths })).toEqual({ kind: 'finished' })
    expect(afterDeath({ ...service, deaths })).toMatchObject({ kind: 'restart' })
  })
})
