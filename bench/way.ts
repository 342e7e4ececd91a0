import type { CpuUse } from './cpu.ts'
import type { KeyKind } from './keys.ts'
import type { Counted, Load } from './measure.ts'

/** One measurement of one way. */
export interface Sample extends Counted {
  readonly cpu: CpuUse
}

/** A way of charging, ready to be called. */
export interface Way {
  measure(load: Load, keys: KeyKind): Promise<Sample>
  /** The way's database, where it is on the measured Postgres. */
  readonly databaseUrl?: string | undefined
  close(): Promise<void>
}

/** How many wallets a `spread` load draws from, on every way. */
export const walletCount = 1000

/** What each charge takes: one credit, of which every wallet has enough for years. */
export const chargedCredits = 1n
export const grantedCredits = 1_000_000_000n
export const microsPerCredit = 1_000_000n

/** Which of the wallets a call charges: each as likely as the others, so that two sometimes want the same one. */
export function drawWallet(wallets: number): number {
  return Math.floor(Math.random() * wallets)
}
