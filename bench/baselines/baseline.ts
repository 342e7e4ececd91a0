import type pg from 'pg'
import { measureHere } from '../in-process.ts'
import type { BenchPostgres } from '../postgres.ts'
import type { Way } from '../way.ts'
import { amountMicros, createAccounts } from './accounts.ts'
import { openConnections } from './connections.ts'

export type Charge = (client: pg.Client, account: number, key: string, amount: string) => Promise<bigint>

/** A baseline in a database of its own, with its callers queued before its connections. */
export async function openBaseline(postgres: BenchPostgres, name: string, charge: Charge): Promise<Way> {
  const databaseUrl = await postgres.createDatabase(name)
  await createAccounts(databaseUrl)
  const connections = await openConnections(databaseUrl)
  return {
    databaseUrl,
    measure: (load, keys) =>
      measureHere(load, keys, postgres.postmaster, (account, newKey) =>
        connections.use((client) => charge(client, account, newKey(), amountMicros)),
      ),
    close: () => connections.close(),
  }
}
