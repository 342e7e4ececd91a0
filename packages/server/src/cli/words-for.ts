import { databaseUnavailable } from '../database/faults.ts'
import { Fault, Refusal } from '../kernel/refusal.ts'

/** What a person is told of an error: the message, where that is all they need. What is neither a refusal nor a fault is a bug, and is shown with its stack. */
export function wordsFor(error: unknown): unknown {
  // Its own message is for programs, which have requests and keys.
  if (error instanceof Fault && error.code === databaseUnavailable)
    return 'The database does not answer. Is Postgres running, and is DATABASE_URL right? Then run the command again.'
  return error instanceof Fault || error instanceof Refusal ? error.message : error
}
