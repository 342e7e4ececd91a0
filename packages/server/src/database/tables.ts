/** The tables, as Kysely's types. A test holds them against the migrated schema. */
import type { Generated, JSONColumnType } from 'kysely'

export interface Tables {
  wallets: WalletRow
  lots: LotRow
  entries: EntryRow
  holds: HoldRow
  catalogs: CatalogRow
  customers: CustomerRow
  provider_customers: ProviderCustomerRow
  provider_products: ProviderProductRow
  orders: OrderRow
  inbox: InboxRow
}

export type AccountName = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt'
export type LedgerOperationName = 'grant' | 'charge' | 'hold' | 'capture' | 'release' | 'lapse' | 'expire'
export type HoldStateName = 'placed' | 'captured' | 'released' | 'lapsed'

interface WalletRow {
  id: string
  mode: string
  customer_id: string
  unit: string
  available_micros: bigint
  held_micros: bigint
  debt_micros: bigint
  lot_ids: string[]
  lot_available_micros: bigint[]
  lot_held_micros: bigint[]
  lot_priorities: number[]
  lot_effective_ms: bigint[]
  lot_expires_ms: (bigint | null)[]
  next_lapse_at: Date | null
  created_at: Date
  updated_at: Date
}

interface LotRow {
  wallet_id: string
  id: string
  source: string
  name: string
  granted_micros: bigint
  paid_amount_minor: bigint | null
  paid_currency: string | null
  priority: number
  effective_at: Date
  expires_at: Date | null
  order_id: string | null
  granted_at: Date
}

interface EntryRow {
  wallet_id: string
  transaction_id: string
  position: number
  operation: LedgerOperationName
  lot_id: string
  from_account: AccountName
  to_account: AccountName
  amount_micros: bigint
  hold_id: string | null
  catalog_id: number | null
  key: string | null
  fingerprint: bigint | null
  available_after_micros: bigint | null
  held_after_micros: bigint | null
  debt_after_micros: bigint | null
  spendable_after_micros: bigint | null
  effective_at: Date
  recorded_at: Date
  action: string | null
  description: string | null
}

interface HoldRow {
  wallet_id: string
  id: string
  state: HoldStateName
  amount_micros: bigint
  captured_micros: bigint
  lot_ids: string[]
  lot_amounts_micros: bigint[]
  action: string | null
  description: string | null
  catalog_id: number | null
  placed_at: Date
  expires_at: Date
  ended_at: Date | null
}

interface CatalogRow {
  id: Generated<number>
  hash: string
  body: JSONColumnType<object>
  first_used_at: Date
}

interface CustomerRow {
  mode: string
  id: string
  email: string | null
  name: string | null
  created_at: Date
}

interface ProviderCustomerRow {
  provider: string
  mode: string
  customer_id: string
  provider_customer_id: string
}

interface ProviderProductRow {
  provider: string
  mode: string
  pack: string
  fingerprint: string
  provider_product_id: string
  created_at: Date
}

interface OrderRow {
  id: string
  mode: string
  customer_id: string
  pack: string
  pack_name: string
  quantity: number
  unit: string
  credits_micros: bigint
  amount_minor: bigint
  currency: string
  catalog_id: number
  state: 'created' | 'open' | 'credited'
  provider: string
  provider_product_id: string | null
  provider_session_id: string | null
  checkout_url: string | null
  payment_id: string | null
  lot_id: string | null
  failure_code: string | null
  failure_message: string | null
  key: string
  fingerprint: bigint
  created_at: Date
  paid_at: Date | null
  credited_at: Date | null
}

interface InboxRow {
  provider: string
  message_id: string
  event_type: string
  order_id: string | null
  headers: JSONColumnType<Record<string, string>>
  body: string
  state: 'received' | 'processed' | 'ignored' | 'flagged'
  attempts: Generated<number>
  note: string | null
  received_at: Date
  due_at: Date
  processed_at: Date | null
}
