import type { Audit } from './audit.ts'

/** Credits and order commit together or not at all. */
export function checkOrders(
  { history, books }: Audit,
  report: (message: string, walletId?: string) => void,
): void {
  for (const order of history.rows.orders) {
    const say = (message: string) => report(`order ${order.id}: ${message}`, order.wallet_id)
    const lots = [...(books.get(order.wallet_id)?.state.lots.values() ?? [])].filter(
      (lot) => lot.orderId === order.id,
    )
    const [lot] = lots
    const steps = books.get(order.wallet_id)?.steps
    const [credit, bonus] = [order.key, order.bonus_key].map((key) => steps?.get(key ?? ''))
    if (order.bonus_key !== null && credit?.transaction.commit !== bonus?.transaction.commit)
      say('its credits and its bonus were not committed together')
    if (order.state === 'paid') {
      if (lots.length > 0) say('has its credits, and is not credited')
      continue
    }
    if (lots.length !== 1) say(`is ${order.state}, and has ${lots.length} lots`)
    if (lot === undefined) continue
    if (lot.id !== order.lot_id) say('names another lot')
    if (lot.granted !== order.credits_micros) say(`bought ${order.credits_micros}, and got ${lot.granted}`)
    if (order.state === 'refunded' && lot.revoked + lot.pending !== lot.granted)
      say(`is refunded, and ${lot.revoked} of ${lot.granted} were taken back`)
  }
}
