import type { Transaction } from '../database/database.ts'
import { type Credits, decimalFromCredits, micros } from '../kernel/credits.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import { revokeExceedsLot } from '../ledger/errors.ts'
import { internalKey } from '../ledger/keys.ts'
import type { LotOperation, Operation, RevokeOperation } from '../ledger/operations.ts'
import type { Bought, Payment } from './payment.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import { type TakeBack, takeBackOf } from './share.ts'

/**
 * Brings what a payment bought in line with the money that went back: freezes the lot while a dispute is undecided or a refund that was asked for here is
 * under way, and revokes the share that refunds and lost disputes stand for. Compares what should be with what is, so it may be called after anything, any number of times. The payment's row is locked.
 * Answers what was done, for people.
 */
export async function takeBack(
  tx: Transaction,
  payment: Payment,
  context: SettleContext,
): Promise<string | undefined> {
  const { bought } = payment
  if (bought === undefined) return undefined
  const known = {
    refunds: await queries.listRefundsOf(tx, payment),
    asked: await queries.listAskedRefunds(tx, payment),
    disputes: await queries.listDisputesOf(tx, payment),
  }
  const due = takeBackOf(payment, bought, known)
  const byRefunds = micros(due.refunded > bought.revoked ? due.refunded - bought.revoked : 0n)
  const afterRefunds = micros(bought.revoked + byRefunds)
  const byDisputes = micros(due.refundedAndLost > afterRefunds ? due.refundedAndLost - afterRefunds : 0n)
  const revoked = micros(afterRefunds + byDisputes)
  const isFrozen = due.undecided !== undefined
  const isFreezing = isFrozen !== bought.isFrozen
  const freezes = bought.freezes + (isFreezing ? 1 : 0)
  const { refunds, disputes } = context.catalog
  const operations: Operation[] = [
    ...revocation(payment, bought, 'refunded', byRefunds, afterRefunds, refunds.spent),
    ...revocation(payment, bought, 'lost', byDisputes, revoked, disputes.spent),
    ...(isFreezing ? [freezing(payment, bought, due.undecided, freezes)] : []),
  ]
  if (operations.length === 0) return undefined
  await applyAll(tx, operations, context)
  await queries.setTakenBack(tx, payment, { revoked, isFrozen, freezes })
  return describe({ revoked: micros(revoked - bought.revoked), isFreezing, isFrozen })
}

function revocation(
  { provider, paymentId }: Payment,
  { walletId, lotId }: Bought,
  why: 'refunded' | 'lost',
  credits: Credits,
  total: Credits,
  spent: RevokeOperation['spent'],
): RevokeOperation[] {
  if (credits === 0n) return []
  return [
    {
      kind: 'revoke',
      walletId,
      key: internalKey(`payment:${provider}:${paymentId}:${why}:${total}`),
      lotId,
      credits,
      spent,
      reason: why === 'refunded' ? 'Its purchase was refunded' : 'The dispute of its purchase was lost',
    },
  ]
}

const freezeReasons = {
  dispute: 'The payment is disputed',
  refund: 'A refund of its purchase is under way',
  nothing: 'Nothing about its purchase is undecided any more',
}

function freezing(
  { provider, paymentId }: Payment,
  { walletId, lotId }: Bought,
  undecided: TakeBack['undecided'],
  freezes: number,
): LotOperation {
  return {
    kind: undecided === undefined ? 'unfreeze' : 'freeze',
    walletId,
    key: internalKey(`payment:${provider}:${paymentId}:freeze:${freezes}`),
    lotId,
    reason: freezeReasons[undecided ?? 'nothing'],
  }
}

/** A lot of which somebody has revoked by hand cannot give all of it: then it gives what is left. */
async function applyAll(
  tx: Transaction,
  operations: readonly Operation[],
  { ledger }: SettleContext,
): Promise<void> {
  const outcomes = await applyOperations(tx, operations, ledger)
  const again = outcomes.flatMap((outcome, index): Operation[] => {
    const operation = operations[index]
    if (outcome.ok || operation === undefined) return []
    const left = outcome.refusal.facts['revocable']
    if (
      operation.kind !== 'revoke' ||
      outcome.refusal.code !== revokeExceedsLot.definition.code ||
      typeof left !== 'bigint'
    )
      throw outcome.refusal
    return left > 0n ? [{ ...operation, credits: micros(left) }] : []
  })
  if (again.length === 0) return
  for (const outcome of await applyOperations(tx, again, ledger)) if (!outcome.ok) throw outcome.refusal
}

function describe(done: {
  readonly revoked: Credits
  readonly isFreezing: boolean
  readonly isFrozen: boolean
}): string {
  const parts = [
    ...(done.revoked > 0n ? [`${decimalFromCredits(done.revoked)} credits were taken back`] : []),
    ...(done.isFreezing ? [done.isFrozen ? 'the credits are frozen' : 'the credits are free again'] : []),
  ]
  return `Of what the payment bought, ${parts.join(', and ')}.`
}
