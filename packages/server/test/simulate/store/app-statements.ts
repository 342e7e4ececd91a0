import { reading, type Statements } from './statement-kinds.ts'
import type { Row } from './tables.ts'

/** Of the app around the ledger, and of whoever else uses the database. */
export const appStatements: Statements = {
  orders_lock: function* lockOrder(transaction, [id]) {
    const row = yield* transaction.lock('orders', String(id), String(id))
    return row === undefined ? [] : [row]
  },
  orders_insert: function* insertOrder(transaction, [row]) {
    const order = row as Row
    const id = String(order['id'])
    yield* transaction.insert('orders', id, id, order)
    return []
  },
  orders_update: function* updateOrder(transaction, [id, next]) {
    yield* transaction.update('orders', String(id), String(id), (row) => ({ ...row, ...(next as Row) }))
    return []
  },
  commits_before: reading((transaction) => [{ commits: transaction.commitsBefore }]),
  stranger_lock_wallet: function* lockOneWallet(transaction, [id]) {
    yield* transaction.lock('wallets', String(id), String(id))
    return []
  },
}
