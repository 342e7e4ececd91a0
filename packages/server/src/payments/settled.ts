import type { Uuid } from '../kernel/ids.ts'

/** What became of something that was told. */
export interface Settled {
  readonly state: 'processed' | 'ignored' | 'flagged'
  /** For people. */
  readonly note: string | undefined
  readonly orderId: Uuid | undefined
  readonly paymentId: string | undefined
}
