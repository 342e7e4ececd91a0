import pg from 'pg'
import { grantedCredits, microsPerCredit } from '../way.ts'

/** How much history: a million wallets and ten million entries, unless fewer are asked for. */
export interface History {
  readonly wallets: number
  readonly entriesPerWallet: number
}

/**
 * Fills an empty, migrated database with what its ledger would have written: each wallet got one lot, and all further entries are charges of
 * one credit. Plain SQL into the ledger's own tables: a million wallets by the front door would take longer than all measurements.
 *
 * THE ONE PLACE of this benchmark that knows the tables. Each insert is a list of columns with the SQL of their values.
 */
export async function loadHistory(
  url: string,
  history: History,
  onProgress: (text: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(customersOf(history))
    await client.query(walletsOf(history))
    await client.query(lots)
    for (let number = 1; number <= history.entriesPerWallet; number += 1) {
      // All wallets' first entries, then all their second ones: as they come in life, scattered over the wallets and in order of their keys.
      await client.query(number === 1 ? grants : chargesNumbered(number))
      onProgress(`${(number * history.wallets).toLocaleString('en')} entries`)
    }
    await client.query('vacuum (analyze) customers, wallets, lots, entries')
  } finally {
    await client.end()
  }
}

export function customerInHistory(wallet: number): string {
  return `past_${wallet}`
}

/** What each wallet has left. */
export function creditsLeft(history: History): bigint {
  return grantedCredits - BigInt(history.entriesPerWallet - 1)
}

const granted = (grantedCredits * microsPerCredit).toString()
const charged = microsPerCredit.toString()

function insert(table: string, valuesByColumn: Readonly<Record<string, string>>, from: string): string {
  const columns = Object.keys(valuesByColumn).join(', ')
  return `insert into ${table} (${columns}) select ${Object.values(valuesByColumn).join(', ')} from ${from}`
}

const mode = `'test'`
const unit = `'credits'`

function customersOf({ wallets }: History): string {
  return insert(
    'customers',
    { mode, id: `'past_' || number`, created_at: 'now()' },
    `generate_series(0, ${wallets - 1}) as number`,
  )
}

/** A wallet's id as the ledger derives it: the first half of a SHA-256, marked as a UUIDv8. */
const walletId = `encode(set_byte(set_byte(digest, 6, get_byte(digest, 6) & 15 | 128), 8, get_byte(digest, 8) & 63 | 128), 'hex')::uuid`
const walletDigest = `substr(sha256(convert_to(format(E'tallystick wallet 1\\n%s\\n%s:%s\\n%s', mode, octet_length(id), id, ${unit}), 'UTF8')), 1, 16)`

function walletsOf(history: History): string {
  const left = (creditsLeft(history) * microsPerCredit).toString()
  return insert(
    'wallets',
    {
      id: walletId,
      mode: 'mode',
      customer_id: 'customer_id',
      unit,
      available_micros: left,
      lot_ids: 'array[uuidv7()]',
      lot_available_micros: `array[${left}]`,
      lot_held_micros: 'array[0]',
      lot_priorities: 'array[0]',
      lot_flags: 'array[0::smallint]',
      lot_effective_ms: 'array[(extract(epoch from created_at) * 1000)::bigint]',
      lot_expires_ms: 'array[null::bigint]',
      entry_count: history.entriesPerWallet.toString(),
      created_at: 'created_at',
      updated_at: 'created_at',
    },
    // To the millisecond: that is what the row of an open lot can say of its start.
    `(select mode, id as customer_id, date_trunc('milliseconds', created_at) as created_at, ${walletDigest} as digest from customers) as customer`,
  )
}

const lots = insert(
  'lots',
  {
    wallet_id: 'id',
    id: 'lot_ids[1]',
    source: `'purchase'`,
    category: `'paid'`,
    repays_debt: 'true',
    name: `'Benchmark'`,
    granted_micros: granted,
    priority: '0',
    effective_at: 'created_at',
    granted_at: 'created_at',
  },
  'wallets',
)

/** What all entries say alike. */
const entry = {
  wallet_id: 'id',
  position: '0',
  lot_id: 'lot_ids[1]',
  key: 'uuidv7()',
  fingerprint: '0',
  recorded_at: 'created_at',
}

const grants = insert(
  'entries',
  {
    ...entry,
    number: '1',
    operation: `'grant'`,
    from_account: `'issued'`,
    to_account: `'available'`,
    amount_micros: granted,
    available_after_micros: granted,
  },
  'wallets',
)

function chargesNumbered(number: number): string {
  return insert(
    'entries',
    {
      ...entry,
      number: number.toString(),
      operation: `'charge'`,
      from_account: `'available'`,
      to_account: `'spent'`,
      amount_micros: charged,
      available_after_micros: `${granted} - ${number - 1} * ${charged}`,
    },
    'wallets',
  )
}
