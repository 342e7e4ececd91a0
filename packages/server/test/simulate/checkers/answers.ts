import type { Audit, Step } from './audit.ts'
import type { AnsweredReceipt, Asked, Run } from './history.ts'
import { isSame, mergeShares, type Share, sum } from './state.ts'

type Report = (message: string, walletId?: string) => void

/** What nodes answered, held against what is committed. */
export function checkAnswers(audit: Audit, report: Report): void {
  const { history, books } = audit
  const runsByAsked = Map.groupBy(history.runs, (run) => run.asked)
  // Whoever asks for the same under the same key asks for the same operation.
  const operations = Map.groupBy(
    history.asked,
    ({ operation: { walletId, key } }) => `${walletId} ${key.id} ${key.fingerprint}`,
  )
  for (const same of operations.values()) {
    const [asked] = same
    if (asked === undefined) continue
    const { walletId, key } = asked.operation
    const bound = books.get(walletId)?.steps.get(key.id)
    const isIts = bound?.transaction.bound?.fingerprint === key.fingerprint
    const runs = same.flatMap(({ id }) => runsByAsked.get(id) ?? [])
    checkRuns(asked, runs, isIts ? bound : undefined, bound, report)
  }
}

/**
 * @param step what its key is bound to, when that is the same operation
 * @param bound what its key is bound to, whatever that is
 */
function checkRuns(
  asked: Asked,
  runs: readonly Run[],
  step: Step | undefined,
  bound: Step | undefined,
  report: Report,
): void {
  const { walletId, key, kind } = asked.operation
  const say = (message: string) => report(`${kind} under key ${key.id}: ${message}`, walletId)
  const receipts = runs.flatMap(({ result }) => (result?.kind === 'receipt' ? [result.receipt] : []))
  const texts = new Set(receipts.length > 1 ? receipts.map(textOf) : [])
  for (const { result, commitsThen = 0 } of runs) {
    if (result?.kind === 'receipt') {
      if (step === undefined) say('was answered as done, and is not in the journal')
      else if (step.transaction.commit > commitsThen) say('was answered before its commit')
      else checkReceipt(result.receipt, step, say)
    }
    if (result?.kind === 'bug' && !asked.isPoison) say(`failed: ${result.message}`)
    if (result?.kind === 'refusal' && result.code === 'idempotency_key_reused') {
      if (step !== undefined) say('its key was refused as if it were another operation’s')
      else if (bound === undefined || bound.transaction.commit > commitsThen)
        say('its key was refused, and was not bound')
    }
    if (
      result?.kind === 'refusal' &&
      result.code !== 'idempotency_key_reused' &&
      result.code !== 'overloaded'
    )
      if (bound !== undefined && wasBoundBefore(runs, bound, result))
        say(`was refused (${result.code}), though its key was bound`)
  }
  if (texts.size > 1) say(`got several answers: ${[...texts].join(' and ')}`)
  const isRefused =
    runs.length > 0 && runs.every(({ result }) => result?.kind === 'refusal' || result?.kind === 'bug')
  if (step !== undefined && isRefused) say('was refused each time, and is in the journal')
  if (step !== undefined && runs.length === 0) say('never reached a node, and is in the journal')
}

/** All of it, to the last field. */
function textOf(receipt: AnsweredReceipt): string {
  return JSON.stringify(receipt, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}`
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Whether the run began when the key was bound already: then only the answer of then is right. */
function wasBoundBefore(runs: readonly Run[], bound: Step, result: Run['result']): boolean {
  const run = runs.find((one) => one.result === result)
  return run !== undefined && bound.transaction.commit <= run.commitsAtStart
}

function checkReceipt(
  receipt: AnsweredReceipt,
  { transaction, balance }: Step,
  say: (message: string) => void,
): void {
  const { number, operation, recordedAt, asked } = transaction
  if (receipt.transaction !== number) say(`answers #${receipt.transaction}, and is #${number}`)
  if (receipt.kind !== operation) say(`answers a ${receipt.kind}`)
  if (receipt.at.getTime() !== recordedAt.getTime()) say('answers another time than the journal has')
  const { credits, shares, owed } = amountsOf(transaction)
  if (receipt.credits !== credits) say(`answers ${receipt.credits}, and moved ${credits}`)
  if (!isSame(receipt.shares, shares)) say('answers other shares than the journal has')
  if (receipt.owed !== owed) say(`answers that ${receipt.owed} are owed for it, and the journal has ${owed}`)
  for (const part of ['available', 'held', 'debt', 'spendable', 'scoped', 'upcoming', 'frozen'] as const)
    if (receipt.balance[part] !== balance[part])
      say(`answers ${receipt.balance[part]} ${part}, and by the journal there were ${balance[part]}`)
  if (receipt.hold !== undefined && receipt.hold.id !== transaction.holdId) say('answers another hold')
  const isExact = operation === 'grant' || (operation === 'charge' && asked?.operation.isObserved !== true)
  if (isExact && receipt.credits !== asked?.operation.credits)
    say(`was asked for ${asked?.operation.credits}, and answers ${receipt.credits}`)
  checkStored(receipt, transaction.bound, say)
}

/** What a replay will be read from. */
function checkStored(
  { balance }: AnsweredReceipt,
  bound: Step['transaction']['bound'],
  say: (message: string) => void,
): void {
  if (bound === undefined) return
  const stored = {
    available: bound.available_after_micros ?? 0n,
    held: bound.held_after_micros ?? 0n,
    debt: bound.debt_after_micros ?? 0n,
    scoped: bound.scoped_after_micros ?? 0n,
    upcoming: bound.upcoming_after_micros ?? 0n,
    frozen: bound.frozen_after_micros ?? 0n,
  }
  for (const [part, amount] of Object.entries(stored))
    if (balance[part as keyof typeof stored] !== amount) say(`stored that ${amount} were ${part}`)
}

/** By the entries: what moved in all, of which lots, and the debt. */
function amountsOf({ operation, entries, bound }: Step['transaction']): {
  credits: bigint
  shares: Share[]
  owed: bigint
} {
  const counted = entries.filter((entry) => operation !== 'capture' || entry.to_account === 'spent')
  const ofLots = counted.flatMap(({ lot_id: lotId, amount_micros: amount }) =>
    lotId === null || amount === 0n ? [] : [{ lotId, amount }],
  )
  const pending = BigInt(bound?.facts?.pending ?? 0n)
  const lotId = entries[0]?.lot_id
  if (pending > 0n && typeof lotId === 'string') ofLots.push({ lotId, amount: pending })
  const shares = mergeShares(ofLots)
  const made = sum(
    entries.filter((entry) => entry.from_account === 'debt').map((entry) => entry.amount_micros),
  )
  const repaid = sum(
    entries.filter((entry) => entry.to_account === 'debt').map((entry) => entry.amount_micros),
  )
  const fromLots = sum(shares.map((share) => share.amount))
  return { credits: fromLots + repaid + (operation === 'capture' ? made : 0n), shares, owed: made - repaid }
}
