import type { Entry, Order } from '@tallystick/client'
import { decimalFromMicros, microsFromDecimal } from '../../shared/amounts.ts'
import type { HistoryLine } from '../../shared/api.ts'

/** What a person wants to see of the entries: what came in and what was spent, one line a transaction. */
export function historyOf(
  entries: readonly Entry[],
  orders: readonly Order[],
  actionNames: Map<string, string>,
): HistoryLine[] {
  const ordersById = new Map(orders.map((order) => [order.id, order]))
  const lines = new Map<string, HistoryLine>()
  for (const entry of entries) {
    const kind = kindOf(entry)
    // What is of no lot is debt that was made or repaid: the lots that repay it have lines of their own.
    const lot = entry.lot_name
    if (kind === null || lot === null) continue
    const id = `${entry.transaction} ${kind}`
    const line = lines.get(id)
    if (line !== undefined) {
      line.credits = decimalFromMicros(microsFromDecimal(line.credits) + microsFromDecimal(entry.credits))
      // The newest entry comes first, and the lot that paid first comes last.
      if (!line.lots.includes(lot)) line.lots.unshift(lot)
      continue
    }
    const order = entry.order === null ? undefined : ordersById.get(entry.order)
    lines.set(id, {
      id,
      at: entry.recorded_at,
      kind,
      title: kind === 'spent' ? (actionNames.get(entry.action ?? '') ?? entry.action ?? 'Spent') : lot,
      credits: entry.credits,
      lots: [lot],
      order: entry.order,
      price: order?.price ?? null,
    })
  }
  return [...lines.values()]
}

function kindOf(entry: Entry): HistoryLine['kind'] | null {
  if (entry.from === 'issued') return entry.lot_source === 'purchase' ? 'bought' : 'given'
  if (entry.to === 'spent') return 'spent'
  if (entry.to === 'expired') return 'expired'
  return entry.to === 'revoked' ? 'revoked' : null
}
