import { parseDocument, type Row, type Transaction } from '../store/store.ts'
import type { FaultKind, FaultRule, InjectedFault, StoredFaultRule } from './fault.ts'

export function insertRule(tx: Transaction, input: StoredFaultRule): void {
  tx.run(
    'insert into fault_rules (rule_id, document, seed, draws, times_left, start_up) values (?, ?, ?, ?, ?, ?)',
    input.rule_id,
    JSON.stringify(input.rule),
    input.seed,
    input.draws,
    input.times_left,
    Number(input.start_up),
  )
}

/** Rules in the order in which they are asked: the oldest first. Those used up stay readable and are left out here. */
export function listRules(tx: Transaction): StoredFaultRule[] {
  return tx
    .all('select * from fault_rules where times_left is null or times_left > 0 order by position')
    .map(storedRule)
}

function storedRule(row: Row): StoredFaultRule {
  return {
    rule_id: String(row['rule_id']),
    rule: parseDocument(row) as FaultRule,
    seed: Number(row['seed']),
    draws: Number(row['draws']),
    times_left: row['times_left'] === null ? null : Number(row['times_left']),
    start_up: row['start_up'] === 1,
  }
}

export function countDraw(tx: Transaction, ruleId: string, drawn: boolean): void {
  tx.run(
    'update fault_rules set draws = draws + 1, times_left = times_left - ? where rule_id = ?',
    Number(drawn),
    ruleId,
  )
}

/** The number of rules removed. */
export function deleteRules(tx: Transaction, which: { rule_id?: string; start_up?: boolean } = {}): number {
  return tx.run(
    'delete from fault_rules where (?1 is null or rule_id = ?1) and (?2 is null or start_up = ?2)',
    which.rule_id ?? null,
    which.start_up === undefined ? null : Number(which.start_up),
  )
}

/** The record's number, by which `completeInjected` finds it. */
export function insertInjected(tx: Transaction, fault: InjectedFault): number {
  const row = tx.get(
    `insert into injected_faults (kind, injected_at, rule_id, route, response_status, event_type, message_id, resource_id)
     values (?, ?, ?, ?, ?, ?, ?, ?) returning position`,
    fault.kind,
    fault.injected_at,
    fault.rule_id,
    fault.route,
    fault.response_status,
    fault.event_type,
    fault.message_id,
    fault.resource_id,
  )
  return Number(row?.['position'])
}

/** Adds what only the finished work could tell. */
export function completeInjected(
  tx: Transaction,
  position: number,
  outcome: Pick<InjectedFault, 'response_status' | 'resource_id'>,
): void {
  tx.run(
    'update injected_faults set response_status = ?, resource_id = ? where position = ?',
    outcome.response_status,
    outcome.resource_id,
    position,
  )
}

export interface ListInjected {
  kind?: FaultKind | undefined
  limit: number
}

/** What was injected, newest first. */
export function listInjected(tx: Transaction, { kind, limit }: ListInjected): InjectedFault[] {
  return tx
    .all(
      'select * from injected_faults where (?1 is null or kind = ?1) order by position desc limit ?2',
      kind ?? null,
      limit,
    )
    .map((row) => ({
      kind: String(row['kind']) as FaultKind,
      injected_at: String(row['injected_at']),
      rule_id: textOrNull(row['rule_id']),
      route: textOrNull(row['route']),
      response_status: row['response_status'] === null ? null : Number(row['response_status']),
      event_type: textOrNull(row['event_type']),
      message_id: textOrNull(row['message_id']),
      resource_id: textOrNull(row['resource_id']),
    }))
}

export function countInjectedByKind(tx: Transaction): Partial<Record<FaultKind, number>> {
  return Object.fromEntries(
    tx
      .all('select kind, count(*) as injected from injected_faults group by kind order by kind')
      .map((row) => [String(row['kind']), Number(row['injected'])]),
  )
}

function textOrNull(value: Row[string] | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
