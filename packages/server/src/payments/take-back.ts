import type { Transaction } from '../database/database.ts'
import { appendEvent } from '../events/append-event.ts'
import { type Credits, decimalFromCredits, micros, smaller, zeroCredits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import { revokeExceedsLot } from '../ledger/errors.ts'
import { internalKey } from '../ledger/keys.ts'
import type { Key, LotOperation, Operation, RevokeOperation } from '../ledger/operations.ts'
import { type LotOfPayment, lockLotsOfPayment } from './lots-of-payment.ts'
import type { Bought, Payment } from './payment.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import { type TakeBack, takeBackOf } from './share.ts'

/**
 * Brings what a payment bought in line with the money that went back: freezes the lot while a dispute is undecided or a refund that was asked for here is
 * under way, and revokes the share that refunds and lost disputes stand for. What a person froze stays frozen. Compares what should be with what is, so it
 * may be called after anything, any number of times. The payment's row is locked. Answers what was done, for people.
 *
 * @throws Fault credits_on_their_way while a merge takes the credits elsewhere
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
  if (byRefunds === 0n && byDisputes === 0n && !isFreezing) return undefined
  const places = await lockLotsOfPayment(tx, bought, context.ledger)
  const [refunded, lost] = spread([byRefunds, byDisputes], places)
  const changing = isFreezing ? await placesToChange(tx, payment, bought, places, isFrozen) : []
  const operations: Operation[] = [
    ...revocations(payment, refunded, 'refunded', afterRefunds, refunds.spent),
    ...revocations(payment, lost, 'lost', revoked, disputes.spent),
    ...changing.map((place) => freezing(payment, place, due.undecided, freezes)),
  ]
  await applyAll(tx, operations, context)
  await queries.setTakenBack(tx, payment, { revoked, isFrozen, freezes })
  if (revoked > bought.revoked) await tellTakenBack(tx, payment, bought, revoked, context)
  const isKept = isFreezing && changing.length < places.length
  return describe({ revoked: micros(revoked - bought.revoked), isFreezing, isFrozen, isKept })
}

interface Part extends LotOfPayment {
  readonly credits: Credits
}

/** So much of each lot, those further on first, for there is what was not spent; the lot that was bought gives the rest. */
function spread(
  amounts: readonly [Credits, Credits],
  places: readonly LotOfPayment[],
): readonly [Part[], Part[]] {
  const left = places.map(({ revocable }) => revocable)
  function partsOf(amount: Credits): Part[] {
    let rest = amount
    return places.flatMap((place, index): Part[] => {
      const isLast = index === places.length - 1
      const credits = isLast ? rest : smaller(rest, left[index] ?? zeroCredits)
      left[index] = micros((left[index] ?? 0n) - credits)
      rest = micros(rest - credits)
      return credits > 0n ? [{ ...place, credits }] : []
    })
  }
  const [first, second] = amounts
  return [partsOf(first), partsOf(second)]
}

function revocations(
  payment: Payment,
  parts: readonly Part[],
  why: 'refunded' | 'lost',
  total: Credits,
  spent: RevokeOperation['spent'],
): RevokeOperation[] {
  return parts.map(({ walletId, id, credits }) => ({
    kind: 'revoke',
    walletId,
    key: keyOf(payment, id, `${why}:${total}`),
    lotId: id,
    credits,
    spent,
    reason: why === 'refunded' ? 'Its purchase was refunded' : 'The dispute of its purchase was lost',
  }))
}

/** Of the lot that was bought the payment says which; others may be several in one wallet. */
function keyOf({ provider, paymentId, bought }: Payment, lotId: Uuid, what: string): Key {
  const name = `payment:${provider}:${paymentId}:${what}`
  return internalKey(lotId === bought?.lotId ? name : `${name}:${lotId}`)
}

/** All are frozen; set free again are those that no person has frozen, whether before or meanwhile. */
async function placesToChange(
  tx: Transaction,
  payment: Payment,
  { freezes }: Bought,
  places: readonly LotOfPayment[],
  isFrozen: boolean,
): Promise<readonly LotOfPayment[]> {
  if (isFrozen) return places
  const free: LotOfPayment[] = []
  for (const place of places) {
    const ours = Array.from({ length: freezes }, (_, before) => freezeKey(payment, place.id, before + 1).id)
    // oxlint-disable-next-line no-await-in-loop
    if ((await queries.findLastFreezing(tx, place, ours)) !== 'freeze') free.push(place)
  }
  return free
}

const freezeReasons = {
  dispute: 'The payment is disputed',
  refund: 'A refund of its purchase is under way',
  nothing: 'Nothing about its purchase is undecided any more',
}

function freezing(
  payment: Payment,
  { walletId, id }: LotOfPayment,
  undecided: TakeBack['undecided'],
  freezes: number,
): LotOperation {
  return {
    kind: undecided === undefined ? 'unfreeze' : 'freeze',
    walletId,
    key: freezeKey(payment, id, freezes),
    lotId: id,
    reason: freezeReasons[undecided ?? 'nothing'],
  }
}

function freezeKey(payment: Payment, lotId: Uuid, number: number): Key {
  return keyOf(payment, lotId, `freeze:${number}`)
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

function tellTakenBack(
  tx: Transaction,
  { provider, paymentId, mode, orderId }: Payment,
  bought: Bought,
  revoked: Credits,
  { ledger }: SettleContext,
): Promise<void> {
  return appendEvent(tx, {
    id: ledger.newId(),
    type: 'credits.taken_back',
    mode,
    walletId: bought.walletId,
    data: {
      provider,
      payment: paymentId,
      order: orderId ?? null,
      lot: bought.lotId,
      credits: decimalFromCredits(micros(revoked - bought.revoked)),
      total: decimalFromCredits(revoked),
    },
  })
}

function describe(done: {
  readonly revoked: Credits
  readonly isFreezing: boolean
  readonly isFrozen: boolean
  /** Whether a person's freeze keeps some of them frozen. */
  readonly isKept: boolean
}): string {
  const free = done.isKept
    ? 'the credits are free again but for those that a person froze'
    : 'the credits are free again'
  const parts = [
    ...(done.revoked > 0n ? [`${decimalFromCredits(done.revoked)} credits were taken back`] : []),
    ...(done.isFreezing ? [done.isFrozen ? 'the credits are frozen' : free] : []),
  ]
  return `Of what the payment bought, ${parts.join(', and ')}.`
}
