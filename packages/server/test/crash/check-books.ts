/**
 * What was acknowledged against what is in the database, in plain SQL: it imports nothing of the server, so that a mistake there is not
 * made here too.
 */

export type Kind = 'grant' | 'charge' | 'hold' | 'capture' | 'release' | 'refund'

/** An operation that was answered with success, as the one who asked wrote it down. Amounts are millionths of a credit. */
export interface Acknowledged {
  readonly key: string
  readonly kind: Kind
  readonly customer: string
  /** Granted, charged, held, captured, released or refunded. */
  readonly moved: number
  /** What it did to the balance. */
  readonly available: number
  readonly held: number
}

export interface Asked {
  readonly acknowledged: readonly Acknowledged[]
  /** The keys of all that was ever asked. */
  readonly keys: ReadonlySet<string>
  /** The keys of what was refused: nothing may be there under them. */
  readonly refused: ReadonlySet<string>
  /** Whether everything that was asked has been answered: then the balances are known, too. */
  readonly isSettled: boolean
}

export interface Books {
  /** Acknowledged and not there, or not as it was acknowledged. In words. */
  readonly lost: readonly string[]
  /** There and not asked for: done under no key, under one that nobody sent, or for one that was refused. In words. */
  readonly doubled: readonly string[]
  /** Balances that are not what the acknowledgements add up to. */
  readonly differences: readonly string[]
}

export type Query = (sql: string) => Promise<Record<string, unknown>[]>

const transactions = `
  select entry.wallet_id, entry.number - entry.position as transaction, max(wallets.customer_id) as customer, max(entry.key::text) as key,
    max(entry.operation::text) as kind,
    coalesce(sum(amount_micros) filter (where (operation, from_account, to_account) in (('grant', 'issued', 'available'), ('charge', 'available', 'spent'),
      ('hold', 'available', 'held'), ('capture', 'held', 'spent'), ('release', 'held', 'available'), ('refund', 'spent', 'available'))), 0) as moved
  from entries as entry join wallets on wallets.id = entry.wallet_id
  group by entry.wallet_id, entry.number - entry.position`

export async function checkBooks(query: Query, asked: Asked): Promise<Books> {
  const rows = await query(transactions)
  const found = Map.groupBy(rows, (row) => String(row['key']))
  const acknowledged = new Map(asked.acknowledged.map((one) => [one.key, one]))
  const lost: string[] = []
  for (const [key, { kind, customer, moved }] of acknowledged) {
    const was = `${kind} ${key} of ${customer}, acknowledged with ${moved}`
    const [row] = found.get(key) ?? []
    if (row === undefined) lost.push(`${was}, is not there`)
    else if (row['kind'] !== kind || row['customer'] !== customer || Number(row['moved']) !== moved)
      lost.push(
        `${was}, is a ${String(row['kind'])} of ${String(row['moved'])} of ${String(row['customer'])}`,
      )
  }
  const doubled: string[] = []
  for (const [key, its] of found) {
    const what = its.map(
      (row) => `${String(row['kind'])} of ${String(row['moved'])} of ${String(row['customer'])}`,
    )
    if (!asked.keys.has(key)) doubled.push(`under a key that nobody sent (${key}): ${what.join(', ')}`)
    else if (asked.refused.has(key)) doubled.push(`refused, and there (${key}): ${what.join(', ')}`)
    else if (its.length > 1) doubled.push(`more than once under one key (${key}): ${what.join(', ')}`)
    else if (asked.isSettled && !acknowledged.has(key))
      doubled.push(`never acknowledged (${key}): ${what.join(', ')}`)
  }
  return {
    lost,
    doubled,
    differences: asked.isSettled ? await compareBalances(query, asked.acknowledged) : [],
  }
}

async function compareBalances(query: Query, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const rows = await query(
    'select customer_id, available_micros as available, held_micros as held from wallets',
  )
  const differences: string[] = []
  const known = new Map<string, { available: number; held: number }>()
  for (const { customer, available, held } of acknowledged) {
    const sum = known.get(customer) ?? { available: 0, held: 0 }
    known.set(customer, { available: sum.available + available, held: sum.held + held })
  }
  for (const row of rows) {
    const customer = String(row['customer_id'])
    const sum = known.get(customer) ?? { available: 0, held: 0 }
    for (const name of ['available', 'held'] as const)
      if (Number(row[name]) !== sum[name])
        differences.push(
          `${customer}: ${name} is ${String(row[name])}, and what was acknowledged adds up to ${sum[name]}`,
        )
  }
  return differences
}
