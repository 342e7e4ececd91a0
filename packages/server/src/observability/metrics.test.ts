import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

const stored = /^tallystick_(inbox|payments|reconciliation)/

test('a database that is away leaves out what is read from it, and nothing else', async () => {
  let isAway = false
  const read = <T>(value: T) =>
    isAway ? Promise.reject(new Error('The database is away.')) : Promise.resolve(value)
  const metrics = createMetrics({
    waiting: () => 7,
    openMessages: () => read({ received: 1, flagged: 2 }),
    waitingPayments: () => read({ unassigned: 3, flagged: 4 }),
    reconciliation: () =>
      read({ succeededAt: new Date(5_500), isCutOff: true, findings: new Map([['credited', 6]]) }),
  })
  const lines = async () => (await metrics.text()).split('\n').filter((line) => !line.startsWith('#'))
  const all = [
    'tallystick_inbox_messages{state="received"} 1',
    'tallystick_inbox_messages{state="flagged"} 2',
    'tallystick_payments_waiting{standing="unassigned"} 3',
    'tallystick_payments_waiting{standing="flagged"} 4',
    'tallystick_reconciliation_last_success_timestamp_seconds 5.5',
    'tallystick_reconciliation_cut_off 1',
    'tallystick_reconciliation_findings{kind="credited"} 6',
  ]
  expect((await lines()).filter((line) => stored.test(line))).toEqual(all)
  isAway = true
  const without = await lines()
  expect(without.filter((line) => stored.test(line))).toEqual([])
  expect(without).toContain('tallystick_ledger_waiting_operations 7')
  isAway = false
  expect((await lines()).filter((line) => stored.test(line))).toEqual(all)
})
