/** The tables, as Kysely's types. A test holds them against the migrated schema. */
import type { Generated, JSONColumnType } from 'kysely'

export interface Tables {
  wallets: WalletRow
  waiting_lots: WaitingLotRow
  lots: LotRow
  entries: EntryRow
  holds: HoldRow
  debts: DebtRow
  charge_refunds: ChargeRefundRow
  limit_counts: LimitCountRow
  catalogs: CatalogRow
  customers: CustomerRow
  customer_blocks: CustomerBlockRow
  provider_customers: ProviderCustomerRow
  provider_products: ProviderProductRow
  orders: OrderRow
  payments: PaymentRow
  payment_consents: PaymentConsentRow
  refunds: RefundRow
  disputes: DisputeRow
  refund_requests: RefundRequestRow
  provider_entitlements: ProviderEntitlementRow
  credit_grants: CreditGrantRow
  mirrors: MirrorRow
  reconciliations: ReconciliationRow
  watermarks: WatermarkRow
  inbox: InboxRow
  events: EventRow
  verification: VerificationRow
  merges: MergeRow
  merge_takings: MergeTakingRow
}

export type AccountName = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt'
export type LedgerOperationName =
  | 'grant'
  | 'adjust'
  | 'charge'
  | 'hold'
  | 'capture'
  | 'release'
  | 'checkpoint'
  | 'extend'
  | 'refund'
  | 'revoke'
  | 'freeze'
  | 'unfreeze'
  | 'lapse'
  | 'expire'
  | 'repay'
export type HoldStateName = 'placed' | 'captured' | 'released' | 'lapsed'

interface WalletRow {
  id: string
  created_at: Date
  mode: string
  customer_id: string
  unit: string
  lot_ids: string[]
  lot_priorities: number[]
  lot_flags: number[]
  lot_effective_ms: bigint[]
  lot_expires_ms: (bigint | null)[]
  lot_traits: JSONColumnType<object> | null
  waiting: JSONColumnType<object> | null
  next_lapse_at: Date | null
  updated_at: Date
  entry_count: bigint
  available_micros: bigint
  held_micros: bigint
  debt_micros: bigint
  lot_available_micros: bigint[]
  lot_held_micros: bigint[]
}

interface WaitingLotRow {
  wallet_id: string
  id: string
  available_micros: bigint
  held_micros: bigint
  priority: number
  flags: number
  effective_ms: bigint
  expires_ms: bigint | null
  traits: JSONColumnType<object> | null
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
  category: string
  scope: string[] | null
  repays_debt: boolean
  late_return_days: Generated<number>
  metadata: JSONColumnType<Record<string, string>> | null
  expired_micros: Generated<bigint>
  revoked_micros: Generated<bigint>
  is_frozen: Generated<boolean>
}

interface EntryRow {
  wallet_id: string
  number: bigint
  amount_micros: bigint
  recorded_at: Date
  lot_id: string | null
  key: string | null
  fingerprint: bigint | null
  available_after_micros: bigint | null
  operation: LedgerOperationName
  from_account: AccountName | null
  to_account: AccountName | null
  catalog_id: number | null
  position: number
  held_after_micros: bigint | null
  debt_after_micros: bigint | null
  scoped_after_micros: bigint | null
  upcoming_after_micros: bigint | null
  frozen_after_micros: bigint | null
  effective_at: Date | null
  hold_id: string | null
  about_transaction: bigint | null
  action: string | null
  description: string | null
  actor: string | null
  facts: JSONColumnType<object> | null
}

interface HoldRow {
  wallet_id: string
  id: string
  state: HoldStateName
  amount_micros: bigint
  short_micros: bigint | null
  captured_micros: bigint
  lot_ids: string[]
  lot_amounts_micros: bigint[]
  action: string | null
  description: string | null
  catalog_id: number | null
  placed_at: Date
  expires_at: Date
  ended_at: Date | null
  time_to_live_ms: bigint
  from_shares_micros: bigint
  asked_micros: bigint
  refused_micros: bigint
  checkpoint_micros: bigint
  on_lapse: 'release' | 'charge_checkpoint' | 'charge_all'
  limit_names: string[] | null
  limit_starts: Date[] | null
}

interface DebtRow {
  wallet_id: string
  transaction: bigint
  amount_micros: bigint
  open_micros: bigint
  repaid_lot_ids: string[]
  repaid_micros: bigint[]
}

interface ChargeRefundRow {
  wallet_id: string
  transaction: bigint
  refunded_micros: bigint
  returned_lot_ids: string[]
  returned_micros: bigint[]
}

interface LimitCountRow {
  wallet_id: string
  name: string
  starts_at: Date
  used_micros: bigint
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
  erased_at: Date | null
}

interface CustomerBlockRow {
  id: string
  mode: string
  customer_id: string
  is_blocked: boolean
  actor: string
  reason: string | null
  at: Date
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
  pack_name: string | null
  unit: string | null
  credits_micros: bigint | null
  amount_minor: bigint | null
  currency: string | null
  archived_at: Date | null
  most_minor: bigint | null
  grant_on: Generated<'payment' | 'entitlement'>
}

interface ProviderEntitlementRow {
  provider: string
  mode: string
  unit: string
  entitlement_id: string
}

interface CreditGrantRow {
  provider: string
  grant_id: string
  mode: string
  provider_customer_id: string
  entitlement_id: string
  credits_micros: bigint | null
  reference_id: string | null
  payment_id: string | null
  received_at: Date
}

interface WatermarkRow {
  provider: string
  mode: string
  settled_until: Date | null
  walked_at: Date | null
}

interface ReconciliationRow {
  id: string
  provider: string
  mode: string
  from_at: Date
  began_at: Date
  ended_at: Date | null
  reads: JSONColumnType<object, string | undefined>
  findings: JSONColumnType<object[], string | undefined>
  error: string | null
  is_dry_run: Generated<boolean>
}

interface MirrorRow {
  wallet_id: string
  provider: string
  entitlement_id: string
  provider_customer_id: string
  posted_micros: Generated<bigint>
  pending_key: string | null
  pending_micros: bigint | null
  note: string | null
  looked_at: Date
  retry_at: Date | null
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
  state: 'created' | 'open' | 'paid' | 'credited'
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
  origin: Generated<'checkout' | 'payment'>
  grant_on: Generated<'payment' | 'entitlement'>
  discount_code: string | null
  discount_minor: Generated<bigint>
  billing_country: string | null
  failure_as_of: Date | null
  adopted_product_id: string | null
  least_minor: bigint | null
  most_minor: bigint | null
}

interface PaymentRow {
  provider: string
  payment_id: string
  mode: string
  state: 'processing' | 'failed' | 'cancelled' | 'succeeded'
  order_id: string | null
  customer_id: string | null
  provider_customer_id: string | null
  subscription_id: string | null
  cart: JSONColumnType<object[]> | null
  total_minor: bigint | null
  tax_minor: bigint | null
  currency: string | null
  settled_total_minor: bigint | null
  settled_tax_minor: bigint | null
  settled_currency: string | null
  discount_codes: string[] | null
  method_id: string | null
  invoice_id: string | null
  failure_code: string | null
  created_at: Date | null
  standing: Generated<'none' | 'awaiting_credits' | 'credited' | 'unassigned' | 'flagged' | 'dismissed'>
  note: string | null
  wallet_id: string | null
  lot_id: string | null
  granted_micros: Generated<bigint>
  revoked_micros: Generated<bigint>
  is_fully_refunded: Generated<boolean>
  is_frozen: Generated<boolean>
  freezes: Generated<number>
  received_at: Date
  updated_at: Date
  as_of: Date | null
  decided_by: string | null
  decided_at: Date | null
}

interface PaymentConsentRow {
  id: string
  mode: string
  customer_id: string
  order_id: string
  provider: string
  consent_text: string
  url: string | null
  ip: string | null
  given_at: Date
  provider_customer_id: string | null
  method_id: string | null
  saved_at: Date | null
  removed_at: Date | null
}

interface RefundRow {
  provider: string
  refund_id: string
  mode: string
  payment_id: string
  state: 'pending' | 'review' | 'succeeded' | 'failed'
  amount_minor: bigint | null
  currency: string | null
  reason: string | null
  request_id: string | null
  as_of: Date
  created_at: Date | null
  received_at: Date
}

interface RefundRequestRow {
  id: string
  mode: string
  provider: string
  payment_id: string
  order_id: string
  kind: 'unused' | 'all' | 'amount'
  amount_minor: bigint
  currency: string
  credits_micros: bigint | null
  reason: string | null
  actor: string | null
  key: string
  fingerprint: bigint
  sends: number
  looks: Generated<number>
  refund_id: string | null
  failure: string | null
  look_at: Date | null
  created_at: Date
}

interface DisputeRow {
  provider: string
  dispute_id: string
  mode: string
  payment_id: string
  state: 'open' | 'expired' | 'won' | 'lost'
  stage: 'pre_dispute' | 'dispute' | 'pre_arbitration'
  is_rapidly_resolved: boolean
  amount_minor: bigint | null
  currency: string | null
  reason: string | null
  as_of: Date
  created_at: Date | null
  received_at: Date
  block_lifted_at: Date | null
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
  entity_id: string | null
}

interface EventRow {
  id: string
  type: string
  mode: string | null
  wallet_id: string | null
  data: JSONColumnType<object>
  at: Date
}

interface VerificationRow {
  is_only: Generated<boolean>
  after_wallet_id: string | null
  due_at: Date
  round_began_at: Date | null
  round_differences: Generated<number>
  last_round_ended_at: Date | null
  last_round_differences: number | null
}

interface MergeRow {
  mode: string
  customer_id: string
  into_customer_id: string
  created_at: Date
  looks_at: Date | null
}

interface MergeTakingRow {
  wallet_id: string
  number: number
  mode: string
  customer_id: string
  into_customer_id: string
  unit: string
  lots: JSONColumnType<object[]>
  taken_at: Date
  arrived_at: Date | null
}
