import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Block } from './customer.ts'

export interface BlockOf {
  readonly mode: Mode
  readonly customer: string
  readonly disputesBlock: boolean
}

type CustomerKey = Pick<BlockOf, 'mode' | 'customer'>

/** What blocks the customer now: a person's decision before a dispute, and of disputes the first. */
export async function findBlock(tx: Transaction, input: BlockOf): Promise<Block | undefined> {
  const decision = await findDecision(tx, input)
  return decision ?? (input.disputesBlock ? findBlockingDispute(tx, input) : undefined)
}

const erasedReason = 'Why was erased with the customer.'

/** The last decision of a person; undefined where it was lifted, or nobody decided. */
export async function findDecision(
  tx: Transaction,
  { mode, customer }: CustomerKey,
): Promise<Block | undefined> {
  const row = await tx.db
    .selectFrom('customer_blocks')
    .select(['is_blocked', 'actor', 'reason', 'at'])
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined || !row.is_blocked) return undefined
  return { actor: row.actor, dispute: undefined, reason: row.reason ?? erasedReason, since: row.at }
}

export interface Decision extends CustomerKey {
  readonly id: Uuid
  readonly isBlocked: boolean
  readonly actor: string
  readonly reason: string
}

export async function insertDecision(
  tx: Transaction,
  { id, mode, customer, isBlocked, actor, reason }: Decision,
): Promise<void> {
  await tx.db
    .insertInto('customer_blocks')
    .values({ id, mode, customer_id: customer, is_blocked: isBlocked, actor, reason, at: tx.now })
    .execute()
}

/** Why they were blocked and let free; that they were, when and by whom stays. */
export async function blankReasons(tx: Transaction, { mode, customer }: CustomerKey): Promise<void> {
  await tx.db
    .updateTable('customer_blocks')
    .set({ reason: null })
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
}

/**
 * Disputes that block: undecided or lost, of what the customer ordered, or somebody who was merged into them. By the order and not by what the payment
 * says of its customer, which a payment link's address may have made up.
 */
function disputesOf({ mode, customer }: CustomerKey) {
  return sql`with recursive people (id) as (
      select ${customer}::text
      union select merges.customer_id from merges join people on merges.into_customer_id = people.id where merges.mode = ${mode}
    )
    select disputes.provider, disputes.dispute_id, disputes.state, disputes.received_at
      from people
      join orders on orders.mode = ${mode} and orders.customer_id = people.id
      join payments on payments.order_id = orders.id
      join disputes on disputes.provider = payments.provider and disputes.payment_id = payments.payment_id
      where disputes.state <> 'won' and disputes.block_lifted_at is null`
}

async function findBlockingDispute(tx: Transaction, key: CustomerKey): Promise<Block | undefined> {
  const { rows } = await sql<{
    dispute_id: string
    state: 'open' | 'expired' | 'lost'
    received_at: Date
  }>`${disputesOf(key)} order by disputes.received_at, disputes.dispute_id limit 1`.execute(tx.db)
  const [row] = rows
  if (row === undefined) return undefined
  return {
    actor: undefined,
    dispute: row.dispute_id,
    reason: row.state === 'lost' ? 'A dispute was lost.' : 'A payment is disputed.',
    since: row.received_at,
  }
}

export async function liftDisputes(tx: Transaction, key: CustomerKey): Promise<void> {
  await sql`update disputes set block_lifted_at = ${tx.now}
    from (${disputesOf(key)}) blocking
    where disputes.provider = blocking.provider and disputes.dispute_id = blocking.dispute_id`.execute(tx.db)
}
