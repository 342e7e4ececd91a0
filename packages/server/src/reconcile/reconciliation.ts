import type { Uuid } from '../kernel/ids.ts'

/** How many of each the provider was asked about. */
export interface Reads {
  readonly payments: number
  readonly refunds: number
  readonly disputes: number
  readonly subscriptions: number
}

export const findingKinds = [
  /** Paid and missed: it is credited now. */
  'credited',
  /** Money went back and was missed: its credits are taken back, frozen or free again now. */
  'taken_back',
  /** Somebody must look at it: it does not match. */
  'flagged',
  /** It is here, and the provider does not know it. */
  'unknown_to_provider',
  /** Why a payment came to nothing was missed: its order says so now. */
  'failure_noted',
  /** A bug stood in the way, which is in the log. The next walk begins before it. */
  'not_settled',
] as const

export type FindingKind = (typeof findingKinds)[number]

export interface Finding {
  readonly kind: FindingKind
  readonly paymentId: string
  readonly orderId: Uuid | undefined
  readonly note: string | undefined
}

/** One walk over what the provider has, and what it found. */
export interface Reconciliation {
  readonly id: Uuid
  readonly from: Date
  readonly beganAt: Date
  readonly endedAt: Date | undefined
  readonly reads: Reads
  /** The first thousand. */
  readonly findings: readonly Finding[]
  /** Why it was cut off; what it had settled by then stays. */
  readonly error: string | undefined
  /** It looked, and changed nothing. */
  readonly isDryRun: boolean
}

export const noReads: Reads = { payments: 0, refunds: 0, disputes: 0, subscriptions: 0 }
