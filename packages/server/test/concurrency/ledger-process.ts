/** A process of its own with a ledger on a Postgres: does what it is sent, through the door that is named, and answers what came of each. */
import { asDatabaseFault } from '../../src/database/faults.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { Fault, Refusal } from '../../src/kernel/refusal.ts'
import { newId } from '../../src/ledger/__fixtures__/operations.ts'
import { applyOperations } from '../../src/ledger/apply-operations.ts'
import { createLedger } from '../../src/ledger/ledger.ts'
import type { Answer, Asked } from './processes.ts'

const [, , url = ''] = process.argv
const database = await openDatabase({ url })
const ledger = await createLedger({ database, newId })

async function answersTo({ door, operations }: Asked): Promise<Answer[]> {
  if (door === 'lane') {
    const settled = await Promise.allSettled(operations.map((operation) => ledger.submit(operation)))
    return settled.map((one) =>
      one.status === 'fulfilled'
        ? { ok: true, transaction: one.value.transaction }
        : { ok: false, code: codeOf(one.reason) },
    )
  }
  try {
    const outcomes = await database.transaction((tx) => applyOperations(tx, operations, ledger.context))
    return outcomes.map((outcome) =>
      outcome.ok
        ? { ok: true, transaction: outcome.receipt.transaction }
        : { ok: false, code: outcome.refusal.code },
    )
  } catch (error) {
    return operations.map(() => ({ ok: false, code: codeOf(error) }))
  }
}

function codeOf(error: unknown): string {
  const known = asDatabaseFault(error)
  return known instanceof Refusal || known instanceof Fault ? known.code : String(error)
}

process.on('message', (asked: Asked) => {
  void answersTo(asked).then((answers) => process.send?.({ id: asked.id, answers }))
})
const patienceMs = 5_000

// Whoever started this has ended, or has had enough. What is still waited for then is waited for because of a fault.
process.on('disconnect', () => {
  setTimeout(() => process.exit(1), patienceMs).unref()
  void ledger.close().then(() => database.close())
})
process.send?.('ready')
