import { AsyncLocalStorage } from 'node:async_hooks'
import { CompiledQuery, type Kysely, type Transaction as KyselyTransaction } from 'kysely'
import type { Clock, Session, Statement, Transaction } from './database.ts'
import { asDatabaseFault } from './faults.ts'
import type { Tables } from './tables.ts'

const inside = new AsyncLocalStorage<true>()

/** Whether the caller runs inside a `Database.transaction`, where waiting for anything but it may wait for ever. */
export function isInsideTransaction(): boolean {
  return inside.getStore() === true
}

/** `Database.transaction` over a Kysely of either driver. */
export function transactionsOver(kysely: Kysely<Tables>, clock: Clock | undefined) {
  return async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    try {
      return await kysely.transaction().execute(async (db) => {
        const session = sessionOver(db)
        const tx = { ...session, db, now: clock?.() ?? (await readClock(session)) }
        return inside.run(true, () => work(tx))
      })
    } catch (error) {
      throw asDatabaseFault(error)
    }
  }
}

function sessionOver(db: KyselyTransaction<Tables>): Session {
  return {
    run: async <Row>(statement: Statement, values: readonly unknown[]) => {
      const result = await db.executeQuery<Row>(CompiledQuery.raw(statement.text, [...values]))
      return result.rows
    },
  }
}

const clockStatement: Statement = { name: 'clock', text: 'select clock_timestamp() as now' }

async function readClock(session: Session): Promise<Date> {
  const [row] = await session.run<{ now: Date }>(clockStatement, [])
  if (row === undefined) throw new Error('The database answered no time.')
  return row.now
}
