import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore, type Store } from '../store/store.ts'
import { type FaultRule, parseFaultFlag } from './fault.ts'
import * as queries from './queries.ts'
import { addFaultRules, drawFault, keepStartUpFaults } from './rules.ts'

function open(): Store {
  const store = openStore({ stateFile: undefined, now: () => new Date(0), random: randomBytes })
  onTestFinished(() => store.close())
  return store
}

const every = (rule: FaultRule): rule is FaultRule => rule.kind !== undefined

/** Which of so many draws hit. */
function drawn(store: Store, times: number): number[] {
  const hits: number[] = []
  for (let index = 0; index < times; index += 1)
    if (store.transaction((tx) => drawFault(tx, every))) hits.push(index)
  return hits
}

test('one seed draws alike everywhere, another does not, and about as often as asked', () => {
  const hitsOf = (seed: number) => {
    const store = open()
    store.transaction((tx) => addFaultRules(tx, { rules: [{ kind: 'drop', per_thousand: 200 }], seed }))
    return drawn(store, 1000)
  }
  expect(hitsOf(1)).toEqual(hitsOf(1))
  expect(hitsOf(1)).not.toEqual(hitsOf(2))
  expect(hitsOf(1).length).toBeGreaterThan(160)
  expect(hitsOf(1).length).toBeLessThan(240)
})

test('two rules alike under one seed do not draw alike', () => {
  const store = open()
  const rule: FaultRule = { kind: 'drop', per_thousand: 500 }
  const [one, two] = store.transaction((tx) => addFaultRules(tx, { rules: [rule, rule], seed: 1 }))
  expect(one?.seed).not.toBe(two?.seed)
})

test('a count is an end: without a chance the next ones, with a chance that many of those drawn', () => {
  const next = open()
  next.transaction((tx) => addFaultRules(tx, { rules: [{ kind: 'drop', count: 3 }] }))
  expect(drawn(next, 10)).toEqual([0, 1, 2])
  const some = open()
  some.transaction((tx) =>
    addFaultRules(tx, { rules: [{ kind: 'drop', count: 3, per_thousand: 100 }], seed: 4 }),
  )
  expect(drawn(some, 1000)).toHaveLength(3)
})

test('rules of the start replace those of the start before, and leave the others', () => {
  const store = open()
  store.transaction((tx) => {
    addFaultRules(tx, { rules: [{ kind: 'delay' }] })
    keepStartUpFaults(tx, [{ kind: 'drop' }], 1)
    keepStartUpFaults(tx, [{ kind: 'reorder' }], 1)
  })
  const kinds = store.transaction((tx) => queries.listRules(tx)).map(({ rule }) => rule.kind)
  expect(kinds).toEqual(['delay', 'reorder'])
})

test('the flag is a kind and what narrows it', () => {
  expect(parseFaultFlag('lost_answer')).toEqual({ kind: 'lost_answer' })
  expect(parseFaultFlag('server_error,route=POST /refunds,status=503,count=2')).toEqual({
    kind: 'server_error',
    route: 'POST /refunds',
    status: 503,
    count: 2,
  })
  expect(() => parseFaultFlag('gremlins')).toThrow(
    /"gremlins" is not understood: kind must be one of rate_limited/,
  )
  expect(() => parseFaultFlag('drop,per_thousand=2000')).toThrow(/per_thousand/)
  expect(() => parseFaultFlag('fail_next_payment,error_code=NO')).toThrow(/error_code.*INSUFFICIENT_FUNDS/)
})
