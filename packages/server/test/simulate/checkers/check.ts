/** Audits a history. Nothing here knows the server's code: only what was asked, what was answered, and the rows. */
import { checkAnswers } from './answers.ts'
import { type Audit, auditOf } from './audit.ts'
import type { History } from './history.ts'
import { checkKeys } from './keys.ts'
import { checkOrders } from './orders.ts'
import { checkRefusals } from './refusals.ts'
import type { Violation } from './report.ts'
import { checkRows } from './rows.ts'
import { checkShown } from './shown.ts'
import { checkWindow } from './window.ts'

export type { Violation } from './report.ts'

const checkers: Readonly<
  Record<string, (audit: Audit, report: (message: string, walletId?: string) => void) => void>
> = {
  keys: checkKeys,
  answers: checkAnswers,
  refusals: checkRefusals,
  rows: checkRows,
  window: checkWindow,
  shown: checkShown,
  orders: checkOrders,
  liveness: ({ history }, report) => history.leftOver.forEach((what) => report(what)),
}

/** Those found first tell most: what follows from a fault comes later. */
export function check(history: History): Violation[] {
  const violations: Violation[] = []
  const audit = auditOf(history, (checker, message, walletId) =>
    violations.push({ checker, message, walletId }),
  )
  for (const [checker, run] of Object.entries(checkers))
    run(audit, (message, walletId) => violations.push({ checker, message, walletId }))
  return violations
}
