/** Operations for tests, whole, with only what a test is about to be said. */
import { randomBytes } from 'node:crypto'
import { type Credits, creditsFromDecimal } from '../../kernel/credits.ts'
import { idMaker, type WalletOwner, walletId } from '../../kernel/ids.ts'
import { invariant, Refusal } from '../../kernel/refusal.ts'
import type { ChargeOperation, GrantOperation, HoldOperation, Key } from '../operations.ts'

export const newId = idMaker({ now: Date.now, randomBytes })

/** Of a customer who was never there before. */
export function newOwner(): WalletOwner {
  return { mode: 'test', customer: `user_${newId()}`, unit: 'credits' }
}

export function newKey(fingerprint = 0n): Key {
  return { id: newId(), fingerprint }
}

export function grantOf(
  owner: WalletOwner,
  decimal: string,
  options: Partial<GrantOperation> = {},
): GrantOperation {
  return {
    kind: 'grant',
    walletId: walletId(owner),
    key: newKey(),
    owner,
    credits: credits(decimal),
    source: 'promotion',
    name: 'Gift',
    priority: 0,
    effectiveAt: undefined,
    expiry: undefined,
    paid: undefined,
    orderId: undefined,
    ...options,
  }
}

export function chargeOf(
  owner: WalletOwner,
  decimal: string,
  options: Partial<ChargeOperation> = {},
): ChargeOperation {
  return {
    kind: 'charge',
    walletId: walletId(owner),
    key: newKey(),
    credits: credits(decimal),
    owner,
    action: 'chat',
    description: undefined,
    catalogId: undefined,
    ...options,
  }
}

export function holdOf(
  owner: WalletOwner,
  decimal: string,
  timeToLiveMs = 60_000,
  options: Partial<HoldOperation> = {},
): HoldOperation {
  return { ...chargeOf(owner, decimal), kind: 'hold', timeToLiveMs, ...options }
}

export function credits(decimal: string): Credits {
  const parsed = creditsFromDecimal(decimal)
  invariant(parsed !== undefined, 'the test writes its amounts as decimals')
  return parsed
}

/** How many succeeded, and with which codes the others were refused. */
export async function tally(answers: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of await Promise.allSettled(answers)) {
    const name =
      answer.status === 'fulfilled'
        ? 'ok'
        : answer.reason instanceof Refusal
          ? answer.reason.code
          : String(answer.reason)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
