import { AsyncLocalStorage } from 'node:async_hooks'
import {
  CompiledQuery,
  type IsolationLevel,
  type Kysely,
  type Transaction as KyselyTransaction,
} from 'kysely'
import { Fault } from '../kernel/refusal.ts'
import type { Clock, Database, Session, Statement, Transaction } from './database.ts'
import { asDatabaseFault, databaseConflict } from './faults.ts'
import type { Tables } from './tables.ts'

const inside = new AsyncLocalStorage<true>()

/** Whether the caller runs inside a `Database.transaction`, where waiting for anything but it may wait for ever. */
export function isInsideTransaction(): boolean {
  return inside.getStore() === true
}

/** A transaction that lost against others was rolled back whole, and is run again. */
const triesMax = 3

/** `Database.transaction` and `Database.snapshot` over a Kysely of either driver. */
export function transactionsOver(
  kysely: Kysely<Tables>,
  clock: Clock | undefined,
): Pick<Database, 'transaction' | 'snapshot'> {
  async function run<T>(isolation: IsolationLevel, work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        return await kysely
          .transaction()
          .setIsolationLevel(isolation)
          .execute(async (db) => {
            const session = sessionOver(db)
            const tx = { ...session, db, now: clock?.() ?? (await readClock(session)) }
            return inside.run(true, () => work(tx))
          })
      } catch (error) {
        const fault = asDatabaseFault(error)
        const isConflict = fault instanceof Fault && fault.code === databaseConflict
        if (!isConflict || tries === triesMax) throw fault
      }
    }
  }

  return {
    transaction: (work) => run('read committed', work),
    snapshot: (work) => run('repeatable read', work),
  }
}

function sessionOver(db: KyselyTransaction<Tables>): Session {
  return inTurn(async <Row>(statement: Statement, values: readonly unknown[]) => {
    const result = await db.executeQuery<Row>(CompiledQuery.raw(statement.text, [...values]))
    return result.rows
  })
}

/** A session that has no better way to run many requests than one after the other. */
export function inTurn(run: Session['run']): Session {
  return {
    run,
    runAll: async (requests) => {
      const answers: (readonly unknown[])[] = []
      // oxlint-disable-next-line no-await-in-loop
      for (const { statement, values } of requests) answers.push(await run(statement, values))
      return answers
    },
  }
}

const clockStatement: Statement = { name: 'clock', text: 'select clock_timestamp() as now' }

async function readClock(session: Session): Promise<Date> {
  const [row] = await session.run<{ now: Date }>(clockStatement, [])
  if (row === undefined) throw new Error('The database answered no time.')
  return row.now
}
