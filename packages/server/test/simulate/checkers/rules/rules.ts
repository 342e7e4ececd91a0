import type { Transaction } from '../journal.ts'
import type { WalletState } from '../state.ts'
import { capture, isPlaced, lapse, release } from './holds.ts'
import { collection, expiry, refund, repayment, revocation } from './lots.ts'
import type { Expected } from './moves.ts'
import { adjustment, grant, spending } from './spend.ts'

/** What a transaction should have moved in a wallet in this state, by the rules of docs/ledger.md. */
export function expected(state: WalletState, transaction: Transaction): Expected {
  const { operation, asked, recordedAt } = transaction
  if (asked === undefined) return byItself(state, transaction)
  const { operation: what } = asked
  switch (operation) {
    case 'grant':
      return grant(transaction, what)
    case 'adjust':
      return adjustment(state, transaction, what)
    case 'charge':
      return spending(state, what, recordedAt, 'spent')
    case 'hold':
      return spending(state, what, recordedAt, 'held')
    case 'capture':
      return capture(state, transaction, what)
    case 'release':
      return release(state, transaction)
    case 'checkpoint':
    case 'extend':
      return isPlaced(state, transaction)
    case 'refund':
      return refund(state, transaction, what)
    case 'revoke':
      return revocation(state, transaction, what)
    case 'expire':
      return expiry(state, transaction)
    case 'freeze':
    case 'unfreeze':
      return []
    default:
      return 'nobody can ask for that'
  }
}

/** What time alone does, and what follows from an operation. */
function byItself(state: WalletState, transaction: Transaction): Expected {
  switch (transaction.operation) {
    case 'expire':
      return expiry(state, transaction)
    case 'lapse':
      return lapse(state, transaction)
    case 'repay':
      return repayment(state, transaction)
    case 'revoke':
      return collection(state, transaction)
    default:
      return 'it happens only when it is asked for'
  }
}
