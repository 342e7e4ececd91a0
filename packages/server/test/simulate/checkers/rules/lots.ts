import type { AskedOperation } from '../history.ts'
import type { Transaction } from '../journal.ts'
import { canRepay, max, min, type Share, sum, type WalletState } from '../state.ts'
import { debtMove, type Expected, givenBack, type Move, moveOf } from './moves.ts'

export function expiry(state: WalletState, { entries, asked, effectiveAt }: Transaction): Expected {
  const lot = state.lots.get(asked?.operation.lotId ?? entries[0]?.lot_id ?? '')
  if (lot === undefined) return 'there is no such lot'
  if (asked === undefined && lot.expiresAt?.getTime() !== effectiveAt.getTime())
    return `the lot expires at ${lot.expiresAt?.toISOString() ?? 'no time'}, not at ${effectiveAt.toISOString()}`
  return lot.available > 0n ? [moveOf({ lotId: lot.id, amount: lot.available }, 'available', 'expired')] : []
}

/** What is wrong with revoking so much, if anything is. */
export function revocable(state: WalletState, operation: AskedOperation): Expected {
  const lot = state.lots.get(operation.lotId ?? '')
  if (lot === undefined) return 'there is no such lot'
  const atMost = lot.granted - lot.revoked - lot.pending
  const credits = operation.credits ?? atMost
  return credits > atMost || credits === 0n ? `${credits} are revoked where ${atMost} can be` : []
}

export function revocation(state: WalletState, { bound }: Transaction, operation: AskedOperation): Expected {
  const problem = revocable(state, operation)
  const lot = state.lots.get(operation.lotId ?? '')
  if (typeof problem === 'string' || lot === undefined) return problem
  const credits = operation.credits ?? lot.granted - lot.revoked - lot.pending
  const available = min(credits, lot.available)
  const expired = min(credits - available, lot.expired)
  const pending = min(credits - available - expired, lot.held - lot.pending)
  const spent = credits - available - expired - pending
  if (BigInt(bound?.facts?.pending ?? 0n) !== pending)
    return `${bound?.facts?.pending ?? 0} are pending where ${pending} should be`
  const taken = (
    [
      ['available', available],
      ['expired', expired],
      ['spent', spent],
    ] as const
  ).flatMap(([from, amount]): Move[] =>
    amount > 0n ? [moveOf({ lotId: lot.id, amount }, from, 'revoked')] : [],
  )
  return operation.spent === 'forgive' ? taken : [...taken, ...debtMove(spent)]
}

/** What was to be revoked when it came back, and did not come back. */
export function collection(state: WalletState, { entries }: Transaction): Expected {
  const lot = state.lots.get(entries[0]?.lot_id ?? '')
  if (lot === undefined) return 'there is no such lot'
  const amount = max(lot.pending - lot.held, 0n)
  if (amount === 0n) return 'nothing is pending beyond what is held'
  return [
    moveOf({ lotId: lot.id, amount }, 'spent', 'revoked'),
    ...(lot.pendingIsForgiven ? [] : debtMove(amount)),
  ]
}

/** One lot repays one debt: the first that can, and the oldest. */
export function repayment(state: WalletState, { about, effectiveAt }: Transaction): Expected {
  const [debt] = state.openDebts()
  if (debt === undefined) return 'nothing is owed'
  if (debt.transaction !== about) return `the oldest debt is that of #${debt.transaction}`
  const lot = state.inBurnOrder().find((one) => one.available > 0n && canRepay(one, effectiveAt))
  if (lot === undefined) return 'no lot can repay'
  const amount = min(lot.available, debt.open)
  return [
    moveOf({ lotId: lot.id, amount }, 'available', 'spent'),
    { lotId: undefined, from: 'spent', to: 'debt', amount },
  ]
}

/** First what the transaction still owes, then its lots, last one first: each at most what it paid and did not get back, and what is spent in it. */
export function refund(
  state: WalletState,
  { about, recordedAt }: Pick<Transaction, 'about' | 'recordedAt'>,
  operation: AskedOperation,
): Expected {
  const spending = state.spendings.get(about ?? 0n)
  if (spending === undefined || about !== operation.transaction) return 'it refunds what is no charge'
  const charged = sum(spending.paid.map((share) => share.amount)) + spending.owed
  const left = charged - spending.refunded
  const credits = operation.credits ?? left
  if (credits > left || credits === 0n) return `${credits} are refunded where ${left} of ${charged} are left`
  const debt = state.debts.get(about ?? 0n)
  const forgiven = min(credits, debt?.open ?? 0n)
  const returned = new Map<string, bigint>()
  for (const { lotId, amount } of spending.returned) returned.set(lotId, (returned.get(lotId) ?? 0n) + amount)
  const spentIn = new Map([...state.lots].map(([id, lot]) => [id, lot.spent]))
  let missing = credits - forgiven
  const shares = [...spending.paid, ...(debt?.repaidBy ?? [])]
    .reverse()
    .flatMap(({ lotId, amount }): Share[] => {
      const before = min(amount, returned.get(lotId) ?? 0n)
      returned.set(lotId, (returned.get(lotId) ?? 0n) - before)
      const part = min(min(amount - before, spentIn.get(lotId) ?? 0n), missing)
      spentIn.set(lotId, (spentIn.get(lotId) ?? 0n) - part)
      missing -= part
      return part > 0n ? [{ lotId, amount: part }] : []
    })
  if (missing > 0n) return `${missing} of ${credits} have no lot to go back to`
  return [
    ...(forgiven > 0n ? [{ lotId: undefined, from: 'spent', to: 'debt', amount: forgiven } as const] : []),
    ...givenBack(state, shares, 'spent', recordedAt),
  ]
}
