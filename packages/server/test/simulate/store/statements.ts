import type { Statement } from '../../../src/database/database.ts'
import { appStatements } from './app-statements.ts'
import { readStatements } from './read-statements.ts'
import type { Statements } from './statement-kinds.ts'
import type { Execution, StoreTransaction } from './transaction.ts'
import { writeStatements } from './write-statements.ts'

const statements: Statements = { ...readStatements, ...writeStatements, ...appStatements }

/** Does what the named statement does in Postgres; the SQL of the ledger's is in `src/ledger/statements.ts`. */
export function execute(
  transaction: StoreTransaction,
  { name, text }: Statement,
  values: readonly unknown[],
): Execution {
  const statement = statements[name]
  if (statement === undefined)
    throw new Error(
      `The simulated store does not know the statement "${name}": say in test/simulate/store what it does.`,
    )
  return statement(transaction, values, text)
}
