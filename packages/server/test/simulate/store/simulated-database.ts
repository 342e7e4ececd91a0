import type { LaneConnection, Request, Session, Transaction } from '../../../src/database/database.ts'
import { asDatabaseFault, closedFault, databaseConflict } from '../../../src/database/faults.ts'
import { inTurn } from '../../../src/database/kysely-transactions.ts'
import { Fault } from '../../../src/kernel/refusal.ts'
import type { World } from '../world/world.ts'
import type { Message } from './backend.ts'
import { Connection } from './connection.ts'
import { databaseError } from './errors.ts'

/** A transaction that lost against others was rolled back whole, and is run again: as `Database.transaction` does. */
const triesMax = 3

/** The database as one process of the app sees it: the place of `openPostgres`. */
export class SimulatedDatabase {
  readonly #world: World
  readonly #connections = new Set<Connection>()
  #isAbandoned = false

  constructor(world: World) {
    this.#world = world
  }

  get connections(): readonly Connection[] {
    return [...this.#connections].filter((connection) => connection.isOpen)
  }

  /** The same as a lane on Postgres: `begin` travels with the first requests, `commit` with the last, and what fails is rolled back. */
  openLane(): LaneConnection {
    let current: Connection | undefined
    let isClosed = false
    return {
      transaction: async (work) => {
        let connection: Connection | undefined
        try {
          if (isClosed) throw closedFault()
          if (current?.isOpen !== true) current = await this.#connect()
          connection = current
          const { session, send } = pipeInto(connection)
          const { writes, answer } = await work(session)
          await send(writes, [{ kind: 'commit' }])
          return answer
        } catch (error) {
          if (connection !== undefined) await rollBack(connection)
          throw asDatabaseFault(error)
        }
      },
      close: () => {
        isClosed = true
        current?.close()
        return Promise.resolve()
      },
    }
  }

  /** The same as a transaction of a domain operation: each statement a round trip of its own. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#once('begin', work)
      } catch (error) {
        const fault = asDatabaseFault(error)
        const isConflict = fault instanceof Fault && fault.code === databaseConflict
        if (!isConflict || tries === triesMax) throw fault
      }
    }
  }

  /** For reading: everything is seen as it was at the beginning. */
  async snapshot<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      return await this.#once('snapshot', work)
    } catch (error) {
      throw asDatabaseFault(error)
    }
  }

  /** The process is gone. */
  abandon(): void {
    this.#isAbandoned = true
    for (const connection of this.#connections) connection.abandon()
  }

  async #once<T>(begin: 'begin' | 'snapshot', work: (tx: Transaction) => Promise<T>): Promise<T> {
    const connection = await this.#connect()
    try {
      await connection.send([{ kind: begin }])
      const session = sessionInTurn(connection)
      const [clock] = await session.run<{ now: Date }>({ name: 'ledger_read_clock', text: '' }, [])
      if (clock === undefined) throw new Error('The database tells the time.')
      const result = await work({ ...session, now: clock.now, db: neverUsed })
      await connection.send([{ kind: 'commit' }])
      return result
    } catch (error) {
      await rollBack(connection)
      throw error
    } finally {
      connection.close()
    }
  }

  async #connect(): Promise<Connection> {
    const { scheduler, random } = this.#world
    await scheduler.sleep(random.between(0, 5))
    // Of a process that is gone nothing goes on.
    if (this.#isAbandoned) return new Promise(() => {})
    if (!this.#world.isDatabaseUp) throw databaseError('ECONNREFUSED', 'connect ECONNREFUSED')
    const connection = new Connection(this.#world, () => random.between(0, random.chance(0.05) ? 200 : 4))
    for (const one of this.#connections) if (!one.isOpen) this.#connections.delete(one)
    this.#connections.add(connection)
    return connection
  }
}

/** The second door's own statements are written by hand here: Kysely is not simulated. */
const neverUsed = new Proxy({} as Transaction['db'], {
  get: () => {
    throw new Error('The ledger uses named statements only.')
  },
})

function pipeInto(connection: Connection) {
  let isBegun = false
  async function send(requests: readonly Request[], last: readonly Message[] = []) {
    const first: readonly Message[] = isBegun ? [] : [{ kind: 'begin' }]
    isBegun = true
    const answers = await connection.send([...first, ...requests.map(messageOf), ...last])
    return answers.slice(first.length)
  }
  const session: Session = {
    runAll: (requests) => send(requests),
    run: async <Row>(statement: Request['statement'], values: readonly unknown[]) => {
      const [rows = []] = await send([{ statement, values }])
      return rows as Row[]
    },
  }
  return { session, send }
}

function sessionInTurn(connection: Connection): Session {
  return inTurn(async <Row>(statement: Request['statement'], values: readonly unknown[]) => {
    const [rows = []] = await connection.send([messageOf({ statement, values })])
    return rows as Row[]
  })
}

function messageOf({ statement, values }: Request): Message {
  return { kind: 'statement', statement, values }
}

async function rollBack(connection: Connection): Promise<void> {
  try {
    await connection.send([{ kind: 'rollback' }])
  } catch {
    // It is broken: the next one begins on another.
  }
}
