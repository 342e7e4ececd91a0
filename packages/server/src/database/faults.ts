import { Fault } from '../kernel/refusal.ts'

export const databaseUnavailable = 'database_unavailable'
export const databaseConflict = 'database_conflict'

/** Asked of a database that this process has closed: it is ending. */
export function closedFault(): Fault {
  return new Fault(databaseUnavailable, 'The server is ending. Repeat the request with the same key.', {
    retryable: true,
  })
}

/**
 * What the database's own failures are to everybody else: a lost or refused connection, a server that shuts down or has no room, a
 * transaction that lost against others. Anything else is a bug, and stays what it was.
 */
export function asDatabaseFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Fault) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === '40P01' || code === '40001') {
    // Rolled back whole, by the database's word.
    return new Fault(
      databaseConflict,
      'The database gave way to other transactions. Repeat the request with the same key.',
      {
        retryable: true,
        cause: error,
      },
    )
  }
  if (!isAway(code, error.message)) return error
  return new Fault(
    databaseUnavailable,
    'The database does not answer. Repeat the request with the same key: it happens once. Is Postgres running, and is DATABASE_URL right?',
    { retryable: true, cause: error },
  )
}

/** SQLSTATE classes 08 (connection), 53 (resources), 57 (operator intervention); errors of sockets; and what `pg` says without a code. */
function isAway(code: string, message: string): boolean {
  return (
    /^(08|53|57)/.test(code) ||
    /^E[A-Z]+$/.test(code) ||
    /^(Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after|PGlite is closed|timeout exceeded when trying to connect|Query read timeout|timeout expired)/i.test(
      message,
    )
  )
}
