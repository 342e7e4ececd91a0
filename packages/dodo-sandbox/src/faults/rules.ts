import { createHash } from 'node:crypto'
import type { Transaction } from '../store/store.ts'
import type { FaultRule, StoredFaultRule } from './fault.ts'
import * as queries from './queries.ts'

export interface AddFaultRules {
  rules: readonly FaultRule[]
  /** Left out, it is drawn: the answer says which it was, so that a run can be repeated. */
  seed?: number | undefined
  startUp?: boolean
}

/** Puts rules into force. Each gets a seed of its own from the one given, so that two alike do not draw alike. */
export function addFaultRules(tx: Transaction, input: AddFaultRules): StoredFaultRule[] {
  const seed = input.seed ?? Buffer.from(tx.random(4)).readUInt32BE()
  return input.rules.map((rule, index) => {
    const stored: StoredFaultRule = {
      rule_id: tx.newId('flt'),
      rule,
      seed: draw(seed, index),
      draws: 0,
      times_left: rule.count ?? (rule.per_thousand === undefined ? 1 : null),
      start_up: input.startUp ?? false,
    }
    queries.insertRule(tx, stored)
    return stored
  })
}

/** Puts the rules given at start-up in the place of those given at the start before. */
export function keepStartUpFaults(
  tx: Transaction,
  rules: readonly FaultRule[],
  seed: number | undefined,
): void {
  queries.deleteRules(tx, { start_up: true })
  addFaultRules(tx, { rules, seed, startUp: true })
}

/**
 * Asks the rules in force, oldest first, and answers the first that matches and draws; the caller records what it
 * injects. Every rule asked counts the draw, so that the next one differs.
 */
export function drawFault<Rule extends FaultRule>(
  tx: Transaction,
  matches: (rule: FaultRule) => rule is Rule,
): { rule: Rule; rule_id: string } | undefined {
  for (const stored of queries.listRules(tx)) {
    if (!matches(stored.rule)) continue
    const drawn = draw(stored.seed, stored.draws) % 1000 < (stored.rule.per_thousand ?? 1000)
    queries.countDraw(tx, stored.rule_id, drawn)
    if (drawn) return { rule: stored.rule, rule_id: stored.rule_id }
  }
  return undefined
}

/** The n-th number of a seed, of 32 bits. Hashed and not iterated, for the state keeps no generator. */
function draw(seed: number, index: number): number {
  return createHash('sha256').update(`${seed}:${index}`).digest().readUInt32BE()
}
