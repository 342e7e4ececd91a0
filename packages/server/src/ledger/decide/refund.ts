import { type Credits, micros, smaller, total, zeroCredits } from '../../kernel/credits.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/refusal.ts'
import { chargeNotFound, refundExceedsCharge } from '../errors.ts'
import { emptyOpenLot, openLotOf, spentOf } from '../lot.ts'
import type { RefundOperation } from '../operations.ts'
import { Posting } from '../posting.ts'
import type { Debt, LotShare } from '../wallet.ts'
import { type Decision, decided, type Moment, refused, type Spending, type State } from './decision.ts'

/** First what the transaction still owes, then the lots that paid, last one first. */
export function refund(state: State, operation: RefundOperation, { now }: Moment): Decision {
  const spending = state.spending(operation.transaction)
  if (spending === undefined) return refused(chargeNotFound({}))
  const debt = state.debts.find((one) => one.transaction === operation.transaction)
  const charged = micros(total(spending.paid.map((share) => share.amount)) + spending.owed)
  const left = micros(charged - spending.refunded)
  const credits = operation.credits ?? left
  const repaid = smaller(credits, debt?.open ?? zeroCredits)
  const { returns, missing } = returnsOf(state, spending, debt, micros(credits - repaid))
  if (credits === 0n || credits > left || missing > 0n) {
    const refundable = smaller(left, micros(credits - missing))
    return refused(
      refundExceedsCharge({ requested: credits, charged, refunded: spending.refunded, refundable }),
    )
  }

  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin({
    operation: 'refund',
    at: now,
    aboutTransaction: operation.transaction,
    action: spending.action,
    description: operation.reason,
  })
  if (repaid > 0n) posting.forgive(operation.transaction, repaid)
  for (const { lotId, amount } of returns) {
    const lot = state.lot(lotId)
    invariant(lot, 'the lots that paid are known')
    if (openLotOf(posting.wallet, lotId) === undefined) posting.open(emptyOpenLot(lot))
    posting.giveBack(lotId, 'spent', amount)
  }
  posting.dropEmpty()
  return decided(operation, posting, now, {
    transaction,
    credits,
    shares: returns,
    action: spending.action,
    owed: micros(0n - repaid),
    spending: {
      ...spending,
      refunded: micros(spending.refunded + credits),
      returned: [...spending.returned, ...returns],
    },
  })
}

/** How much goes back to which lot, and what cannot: at most what the lot paid for this and did not get back, and what is still spent in it. */
function returnsOf(
  state: State,
  spending: Spending,
  debt: Debt | undefined,
  wanted: Credits,
): { returns: LotShare[]; missing: Credits } {
  const returnedBefore = new Map<Uuid, bigint>()
  for (const { lotId, amount } of spending.returned)
    returnedBefore.set(lotId, (returnedBefore.get(lotId) ?? 0n) + amount)
  const spentIn = new Map<Uuid, bigint>()
  const returns: LotShare[] = []
  let missing: bigint = wanted
  for (const { lotId, amount } of [...spending.paid, ...(debt?.repaidBy ?? [])].reverse()) {
    const gone = least(amount, returnedBefore.get(lotId) ?? 0n)
    returnedBefore.set(lotId, (returnedBefore.get(lotId) ?? 0n) - gone)
    const record = state.lot(lotId)
    invariant(record, 'the lots that paid are known')
    const spent = spentIn.get(lotId) ?? spentOf(record, openLotOf(state.wallet, lotId))
    const part = least(least(amount - gone, spent), missing)
    spentIn.set(lotId, spent - part)
    missing -= part
    if (part > 0n) returns.push({ lotId, amount: micros(part) })
  }
  return { returns, missing: micros(missing) }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
