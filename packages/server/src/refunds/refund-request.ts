import type { Credits } from '../kernel/credits.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { RefundState } from '../providers/told.ts'

/** What is asked for: the credits that are unused, all that is left, or an amount, tax included, in the currency that was paid in. */
export type Asked =
  | { readonly kind: 'unused' }
  | { readonly kind: 'all' }
  | { readonly kind: 'amount'; readonly amountMinor: bigint }

/** `asked`: written down, and no answer of the provider is known yet. The others are the provider's. */
type RefundRequestState = 'asked' | RefundState

/** A refund that was asked for here. */
export interface RefundRequest {
  readonly id: Uuid
  readonly mode: Mode
  readonly provider: string
  readonly paymentId: string
  readonly orderId: Uuid
  readonly kind: Asked['kind']
  /** What was asked for; of one that has succeeded what was given back. Tax included. */
  readonly amount: Money
  /** The unused credits that it stands for; undefined where its money says how many. */
  readonly credits: Credits | undefined
  readonly reason: string | undefined
  /** Who asked, in the words of the app. */
  readonly actor: string | undefined
  readonly state: RefundRequestState
  /** Why nothing was given back, for people; undefined unless it failed. */
  readonly failure: string | undefined
  /** The provider's refund; undefined until it is known. */
  readonly refundId: string | undefined
  /** How often it was sent, or may have been. */
  readonly sends: number
  /** How often the provider was asked what became of it. */
  readonly looks: number
  readonly createdAt: Date
}

export function hasEnded({ state }: Pick<RefundRequest, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed'
}

/** A refund of the order, whoever asked for it. */
export interface OrderRefund {
  /** Undefined where it was asked for elsewhere: in the provider's dashboard. */
  readonly request: RefundRequest | undefined
  readonly paymentId: string
  readonly refundId: string | undefined
  readonly state: RefundRequestState
  readonly amount: Money | undefined
  readonly reason: string | undefined
  readonly createdAt: Date | undefined
}

export function asOrderRefund(request: RefundRequest): OrderRefund {
  const { paymentId, refundId, state, amount, reason, createdAt } = request
  return { request, paymentId, refundId, state, amount, reason, createdAt }
}
