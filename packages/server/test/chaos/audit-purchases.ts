/**
 * What was paid, refunded and disputed, from the local Dodo's own state file, against what the books say, in plain SQL. It imports nothing of the server and
 * nothing of the local Dodo, so that a mistake there is not made here too.
 */
import { DatabaseSync } from 'node:sqlite'

export interface PurchaseAudit {
  /** Orders that Dodo has a payment for, and those that it has none for. */
  readonly orders: number
  readonly paid: number
  /** Credited with something else than was bought, taken back otherwise than money went back, or without a payment. In words. */
  readonly wrong: readonly string[]
  readonly grantedTwice: readonly string[]
  readonly missed: readonly string[]
}

export type Query = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>

/** What each pack brings, in millionths of a credit. */
const creditsOfPack: Readonly<Record<string, bigint>> = {
  starter: 100_000_000n,
  power: 500_000_000n,
  pro: 1_500_500_000n,
  granted: 250_000_000n,
}

interface PaidAtDodo {
  readonly payment_id: string
  readonly order: string | undefined
  readonly total: bigint
  /** Of refunds that succeeded. */
  readonly refunded: bigint
  /** Of disputes that were lost, accepted, or resolved by giving the money back. */
  readonly lost: bigint
  readonly isDisputed: boolean
}

const lostStatuses = new Set(['dispute_lost', 'dispute_accepted'])
const openStatuses = new Set(['dispute_opened', 'dispute_challenged', 'dispute_expired'])

/** Nobody may write meanwhile. */
export async function auditPurchases(stateFile: string, query: Query): Promise<PurchaseAudit> {
  const paid = readPaid(stateFile)
  const wrong: string[] = []
  const missed: string[] = []
  const grantedTwice: string[] = []
  const books = await readBooks(query)
  const seen = new Set<string>()
  for (const payment of paid) {
    seen.add(payment.payment_id)
    const [book, ...others] = books.get(payment.payment_id) ?? []
    if (book === undefined) {
      missed.push(`${payment.payment_id} was paid, and nothing was granted for it`)
      continue
    }
    if (others.length > 0) grantedTwice.push(`${payment.payment_id} has ${others.length + 1} lots`)
    wrong.push(...differences(payment, book))
  }
  for (const [paymentId, its] of books)
    if (!seen.has(paymentId))
      wrong.push(`${its.length} lots were granted for ${paymentId}, which was not paid`)
  wrong.push(...refundedTwice(stateFile))
  const [{ stray = 0, orders = 0 } = {}] = await query(`select
      (select count(*)::int from lots where source = 'purchase' and not exists (select from orders where orders.id = lots.order_id and orders.payment_id is not null)) as stray,
      (select count(*)::int from orders) as orders`)
  if (Number(stray) > 0) wrong.push(`${String(stray)} lots were bought by no order with a payment`)
  return { orders: Number(orders), paid: paid.length, wrong, grantedTwice, missed }
}

function readPaid(stateFile: string): PaidAtDodo[] {
  const dodo = new DatabaseSync(stateFile, { readOnly: true })
  const documents = (sql: string) =>
    dodo
      .prepare(sql)
      .all()
      .map((row) => JSON.parse(String(row['document'])) as Record<string, unknown>)
  try {
    const refunds = Map.groupBy(
      documents("select document from refunds where status = 'succeeded'"),
      (refund) => String(refund['payment_id']),
    )
    const disputes = Map.groupBy(documents('select document from disputes'), (one) =>
      String(one['payment_id']),
    )
    return documents("select document from payments where status = 'succeeded'").map(
      (payment): PaidAtDodo => {
        const id = String(payment['payment_id'])
        const its = disputes.get(id) ?? []
        const isLost = (one: Record<string, unknown>) =>
          one['is_resolved_by_rdr'] === true || lostStatuses.has(String(one['dispute_status']))
        return {
          payment_id: id,
          order: (payment['metadata'] as Record<string, string>)['tallystick_order'],
          total: BigInt(Number(payment['total_amount'])),
          refunded: sum((refunds.get(id) ?? []).map((refund) => refund['amount'])),
          lost: sum(its.filter(isLost).map((one) => one['amount'])),
          isDisputed: its.some((one) => !isLost(one) && openStatuses.has(String(one['dispute_status']))),
        }
      },
    )
  } finally {
    dodo.close()
  }
}

/** One that was asked for here and made more than once: money went back twice. */
function refundedTwice(stateFile: string): string[] {
  const dodo = new DatabaseSync(stateFile, { readOnly: true })
  try {
    return dodo
      .prepare(`select document ->> '$.metadata.tallystick_refund' as request, count(*) as count from refunds
        where document ->> '$.metadata.tallystick_refund' is not null and status <> 'failed' group by 1 having count(*) > 1`)
      .all()
      .map(
        ({ request, count }) =>
          `the refund ${String(request)} was asked for once, and made ${String(count)} times`,
      )
  } finally {
    dodo.close()
  }
}

function sum(amounts: readonly unknown[]): bigint {
  return amounts.reduce((total: bigint, amount) => total + BigInt(String(amount)), 0n)
}

interface Book {
  readonly order: string
  readonly pack: string
  readonly quantity: bigint
  readonly granted: bigint
  readonly revoked: bigint
  readonly isFrozen: boolean
  readonly lot: string
}

/** What was granted for each payment and taken back again, from the entries. */
async function readBooks(query: Query): Promise<Map<string, Book[]>> {
  const rows = await query(`
    select orders.payment_id, orders.id as order, orders.pack, orders.quantity, lots.id as lot, lots.is_frozen,
      coalesce(sum(amount_micros) filter (where operation = 'grant' and from_account = 'issued'), 0)::text as granted,
      coalesce(sum(amount_micros) filter (where to_account = 'revoked'), 0)::text as revoked
    from lots
    join orders on orders.id = lots.order_id
    join entries on entries.wallet_id = lots.wallet_id and entries.lot_id = lots.id
    where orders.payment_id is not null
    group by orders.payment_id, orders.id, lots.id, lots.wallet_id, lots.is_frozen`)
  const books = rows.map((row): [string, Book] => [
    String(row['payment_id']),
    {
      order: String(row['order']),
      pack: String(row['pack']),
      quantity: BigInt(Number(row['quantity'])),
      granted: BigInt(String(row['granted'])),
      revoked: BigInt(String(row['revoked'])),
      isFrozen: row['is_frozen'] === true,
      lot: String(row['lot']),
    },
  ])
  const byPayment = new Map<string, Book[]>()
  for (const [payment, book] of books) byPayment.set(payment, [...(byPayment.get(payment) ?? []), book])
  return byPayment
}

function differences(payment: PaidAtDodo, book: Book): string[] {
  const { payment_id: id, total, refunded, lost } = payment
  const found: string[] = []
  const bought = (creditsOfPack[book.pack] ?? 0n) * book.quantity
  if (book.granted !== bought)
    found.push(`${id}: ${book.granted} were granted, and ${book.quantity} × ${book.pack} bring ${bought}`)
  if (payment.order === undefined || uuidOf(payment.order) !== book.order)
    found.push(
      `${id}: it was paid for ${payment.order ?? 'no order'}, and the order ${book.order} was credited`,
    )
  const back = refunded + lost
  const due = back >= total ? (back > 0n ? bought : 0n) : (bought * back) / total
  if (book.revoked !== due)
    found.push(
      `${id}: of ${total} paid, ${refunded} were refunded and ${lost} lost; ${book.revoked} of ${bought} credits were taken back, not ${due}`,
    )
  if (book.isFrozen !== payment.isDisputed)
    found.push(
      `${id}: its lot is ${book.isFrozen ? '' : 'not '}frozen, and a dispute is ${payment.isDisputed ? '' : 'not '}open`,
    )
  return found
}

/** `ord_` and 26 digits of Crockford's base 32. */
function uuidOf(order: string): string {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz'
  let number = 0n
  for (const digit of order.slice('ord_'.length)) number = (number << 5n) | BigInt(digits.indexOf(digit))
  const hex = number.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

export interface InjectedCounts {
  readonly duplicates: number
  readonly dropped: number
  readonly reordered: number
  readonly lost_answers: number
  /** Paid orders of which no webhook ever arrived. */
  readonly without_webhook: number
}

/** What was done to the server on purpose, as the local Dodo wrote it down. */
export function countInjected(stateFile: string): InjectedCounts {
  const dodo = new DatabaseSync(stateFile, { readOnly: true })
  try {
    const count = (sql: string) => Number(dodo.prepare(sql).get()?.['count'])
    const injected = (kind: string) =>
      count(`select count(*) as count from injected_faults where kind = '${kind}'`)
    return {
      duplicates: injected('duplicate'),
      dropped: injected('drop'),
      reordered: injected('reorder'),
      lost_answers: injected('lost_answer'),
      without_webhook:
        count(`select count(*) as count from payments where status = 'succeeded' and not exists (
        select 1 from webhook_messages join deliveries on deliveries.message_id = webhook_messages.message_id
        where webhook_messages.resource_id = payments.payment_id and deliveries.state = 'delivered')`),
    }
  } finally {
    dodo.close()
  }
}

/**
 * Payments of which a message arrived as Dodo meant it, and that were not seen before the reconciler ran: it mends what messages miss, and would hide that they
 * are not worked on.
 */
export function missedMessages(stateFile: string, seen: ReadonlySet<string>): string[] {
  const dodo = new DatabaseSync(stateFile, { readOnly: true })
  try {
    const told = dodo
      .prepare(`select distinct webhook_messages.resource_id as payment from webhook_messages
        join deliveries on deliveries.message_id = webhook_messages.message_id and deliveries.state = 'delivered'
        join payments on payments.payment_id = webhook_messages.resource_id and payments.status = 'succeeded'
        where webhook_messages.event_type = 'payment.succeeded' and not exists (
          select 1 from injected_faults where injected_faults.message_id = webhook_messages.message_id
            and injected_faults.kind in ('unknown_enum_value', 'flat_discount', 'unknown_event_type'))`)
      .all()
    return told
      .map((row) => String(row['payment']))
      .filter((payment) => !seen.has(payment))
      .map(
        (payment) =>
          `${payment}: Dodo told of it, was answered 2xx, and nothing followed until the reconciler came`,
      )
  } finally {
    dodo.close()
  }
}
