import { type Credits, decimalFromCredits } from '../kernel/credits.ts'
import { refusal } from '../kernel/refusal.ts'
import type { HoldState } from './wallet.ts'

/** All amounts are in `unit`. */
export interface InsufficientCredits {
  required: Credits
  spendable: Credits
  held: Credits
  /** What the wallet owes: an owing wallet spends nothing. */
  debt: Credits
  missing: Credits
  unit: string
  [fact: string]: unknown
}

export const insufficientCredits = refusal<InsufficientCredits>({
  code: 'insufficient_credits',
  status: 402,
  title: 'Not enough credits',
  detail: ({ required, spendable, debt, missing }) =>
    `${decimalFromCredits(required)} needed, ${decimalFromCredits(spendable)} spendable${debt > 0n ? ` while ${decimalFromCredits(debt)} are owed, which the next paid credits pay first` : ''}: ${decimalFromCredits(missing)} missing. Offer a top-up and repeat the request with the same key.`,
  help: 'Nothing was taken. `pack` is the smallest pack that covers what is missing, `message` a sentence to show to the end user. The same request succeeds after a top-up.',
})

export const holdNotFound = refusal({
  code: 'hold_not_found',
  status: 404,
  title: 'No such hold',
  detail: () => 'No hold has this id. Use the `id` that placing it answered.',
  help: 'Ids are opaque and start with `hold_`. A hold of another mode (test, live) is not found either.',
})

export const holdAlreadyEnded = refusal({
  code: 'hold_already_ended',
  status: 409,
  title: 'The hold has ended',
  detail: (facts: { state: HoldState; endedAt: Date }) =>
    facts.state === 'lapsed'
      ? `The hold lapsed at ${facts.endedAt.toISOString()}. What was used can still be charged: capture it with above: "up_to_spendable" or "owe".`
      : `The hold was ${facts.state} at ${facts.endedAt.toISOString()} and can be captured or released no more.`,
  help: 'A hold ends once: captured, released, or lapsed when its time was over. Give a long call a longer `expires_in_seconds`, or extend its hold. What a lapsed hold used is not forgotten: it is reported as `uncollected`; to charge it, capture with `above` set to `up_to_spendable` or `owe`.',
})

export const captureExceedsHold = refusal({
  code: 'capture_exceeds_hold',
  status: 422,
  title: 'More than was held',
  detail: (facts: { requested: Credits; held: Credits }) =>
    `${decimalFromCredits(facts.requested)} requested, ${decimalFromCredits(facts.held)} held. Capture at most what is held, or say what happens above it.`,
  help: 'Hold the worst case before the call, and capture what it really used. `above: "up_to_spendable"` charges the rest as far as the wallet covers it, `above: "owe"` makes debt of what it does not. What was asked for is remembered on the hold and, unless captured after all, reported as `uncollected`.',
})

export const limitExceeded = refusal({
  code: 'limit_exceeded',
  status: 403,
  title: 'A limit is reached',
  detail: (facts: {
    limit: string
    window: string
    max: Credits
    used: Credits
    requested: Credits
    resetsAt: Date | undefined
  }) =>
    `${decimalFromCredits(facts.used)} of ${decimalFromCredits(facts.max)} are used under the limit ${facts.limit}, and ${decimalFromCredits(facts.requested)} were asked for.${whenRoom(facts)}`,
  help: 'Nothing was taken. The limit is one that the request itself named; raise its `max`, or wait until `resets_at`. A request that alone is above `max` never has room.',
})

function whenRoom(facts: { max: Credits; requested: Credits; resetsAt: Date | undefined }): string {
  if (facts.requested > facts.max) return ' It never has room for that: raise its max, or ask for less.'
  return facts.resetsAt === undefined ? '' : ` It has room again from ${facts.resetsAt.toISOString()} on.`
}

export const lotNotFound = refusal({
  code: 'lot_not_found',
  status: 404,
  title: 'No such lot',
  detail: () => 'No lot has this id. Use the `id` of a lot in a balance or a grant.',
  help: 'Ids are opaque and start with `lot_`. A lot of another mode (test, live) is not found either.',
})

export const revokeExceedsLot = refusal({
  code: 'revoke_exceeds_lot',
  status: 422,
  title: 'More than can be revoked',
  detail: (facts: { requested: Credits; granted: Credits; revocable: Credits }) =>
    `${decimalFromCredits(facts.requested)} requested; of ${decimalFromCredits(facts.granted)} granted ${decimalFromCredits(facts.revocable)} can still be revoked.`,
  help: 'A lot is revoked once at most, whoever asks: what a refund took, a dispute does not take again.',
})

export const chargeNotFound = refusal({
  code: 'charge_not_found',
  status: 404,
  title: 'No such charge',
  detail: () =>
    'No transaction that spent credits has this id. Use the `id` of a charge, or the `transaction` of a capture.',
  help: 'Ids are opaque and start with `txn_`. Grants, holds and refunds have transactions too; they cannot be refunded.',
})

export const refundExceedsCharge = refusal({
  code: 'refund_exceeds_charge',
  status: 422,
  title: 'More than can be refunded',
  detail: (facts: { requested: Credits; charged: Credits; refunded: Credits; refundable: Credits }) =>
    `${decimalFromCredits(facts.requested)} requested; ${decimalFromCredits(facts.charged)} were charged, ${decimalFromCredits(facts.refunded)} are refunded already, ${decimalFromCredits(facts.refundable)} can be.`,
  help: 'A charge is refunded at most once, in one or several parts. Credits of a lot that was revoked meanwhile have nothing to go back to.',
})

export const keyReused = refusal({
  code: 'idempotency_key_reused',
  status: 409,
  title: 'The key belongs to another request',
  detail: (facts: { key: string }) =>
    `The idempotency key ${facts.key} was used for this wallet with a different request. Make a new key for a new request; repeat a request with exactly the same body.`,
  help: 'A key is bound for good by the first request that succeeds under it.',
})

export const lotOutOfTime = refusal({
  code: 'lot_out_of_time',
  status: 422,
  title: 'The credits would expire before they start',
  detail: (facts: { effectiveAt: Date; expiresAt: Date }) =>
    `effective_at is ${facts.effectiveAt.toISOString()} and expires_at is ${facts.expiresAt.toISOString()}: expires_at must be later, and in the future.`,
  help: 'Leave `expires_at` out for credits that never expire.',
})

export const walletFull = refusal({
  code: 'wallet_full',
  status: 422,
  title: 'More than a wallet can hold',
  detail: (facts: { credits: Credits; inWallet: Credits; atMost: Credits }) =>
    `${decimalFromCredits(facts.inWallet)} credits are in the wallet and ${decimalFromCredits(facts.credits)} were to come; it holds at most ${decimalFromCredits(facts.atMost)}.`,
  help: 'The largest amount is far beyond any real balance: look for an amount in the wrong unit.',
})

export const overloaded = refusal({
  code: 'overloaded',
  status: 503,
  title: 'Too many requests are waiting',
  detail: (facts: { retryAfterSeconds: number }) =>
    `Nothing was done. Repeat the request with the same key in ${facts.retryAfterSeconds} s.`,
  help: 'The queue before the database is full. Clients back off and repeat by themselves; look at the database when it lasts.',
})
