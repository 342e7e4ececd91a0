import { bucketStart, isInWindow } from './naive-calendar.ts'
import type { Exceeded, Limit } from './naive-types.ts'
import { type Hold, remainingOf, sum, type Wallet } from './naive-wallet.ts'

export function usedOf(wallet: Wallet, limit: Limit, at: Date): bigint {
  return sum(
    wallet.counts
      .filter((count) => count.name === limit.name && count.window === limit.window)
      .filter((count) => isInWindow(limit.window, count.bucket, at))
      .map((count) => count.credits),
  )
}

/** The first of them, in the order in which they are named, that the credits would exceed. */
export function exceededOf(
  wallet: Wallet,
  limits: readonly Limit[],
  credits: bigint,
  at: Date,
): Exceeded | undefined {
  const limit = limits.find((one) => usedOf(wallet, one, at) + credits > one.max)
  return limit && { ...limit, used: usedOf(wallet, limit, at) }
}

export function countIn(
  wallet: Wallet,
  limits: readonly Limit[],
  { credits, hold, at }: { credits: bigint; hold: string | undefined; at: Date },
): void {
  for (const { name, window } of limits)
    wallet.counts.push({ name, window, bucket: bucketStart(window, at), hold, credits })
}

/** A hold counts with what was captured of it in all, and what it still holds. */
export function correctCounts(wallet: Wallet, hold: Hold): void {
  const credits = hold.captured + sum(remainingOf(hold).map((share) => share.credits))
  for (const count of wallet.counts) if (count.hold === hold.id) count.credits = credits
}
