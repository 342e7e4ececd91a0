import type { Mode, Uuid } from '../kernel/ids.ts'

interface Common {
  readonly id: Uuid
  readonly mode?: Mode | undefined
  readonly walletId?: Uuid | undefined
}

/** What is stored of a wallet is not what its entries say. */
export interface LedgerDrift extends Common {
  readonly type: 'ledger.drift'
  readonly walletId: Uuid
  readonly data: {
    /** Amounts in decimals. */
    readonly differences: readonly {
      readonly lot: Uuid | null
      readonly what: string
      readonly stored: string
      readonly computed: string
    }[]
  }
}

/** A payment, by the provider's own name and id. */
interface OfPayment {
  readonly provider: string
  readonly payment: string
}

/** What an order bought is there. */
export interface OrderCredited extends Common {
  readonly type: 'order.credited'
  readonly walletId: Uuid
  readonly data: OfPayment & {
    readonly order: Uuid
    readonly lot: Uuid
    /** A decimal. */
    readonly credits: string
  }
}

/** Money went back, and the credits that it bought with it. */
export interface CreditsTakenBack extends Common {
  readonly type: 'credits.taken_back'
  readonly walletId: Uuid
  readonly data: OfPayment & {
    readonly order: Uuid | null
    /** That was bought. */
    readonly lot: Uuid
    /** Now, as a decimal; spent ones among them are owed or forgiven, as the catalog says. */
    readonly credits: string
    /** In all, as a decimal. */
    readonly total: string
  }
}

interface OfDispute extends OfPayment {
  readonly dispute: string
  readonly stage: 'pre_dispute' | 'dispute' | 'pre_arbitration'
}

/** Also when one that was won goes on at a later stage. */
export interface DisputeOpened extends Common {
  readonly type: 'dispute.opened'
  readonly data: OfDispute
}

export interface DisputeDecided extends Common {
  readonly type: 'dispute.decided'
  readonly data: OfDispute & { readonly outcome: 'won' | 'lost' }
}

/** It has succeeded, and is not what was ordered: a person decides. */
export interface PaymentFlagged extends Common {
  readonly type: 'payment.flagged'
  readonly data: OfPayment & { readonly order: Uuid | null; readonly note: string }
}

/** It has succeeded, and whose it is or what it bought is not known: a person decides. */
export interface PaymentUnassigned extends Common {
  readonly type: 'payment.unassigned'
  readonly data: OfPayment & { readonly note: string }
}

export type Event =
  | LedgerDrift
  | OrderCredited
  | CreditsTakenBack
  | DisputeOpened
  | DisputeDecided
  | PaymentFlagged
  | PaymentUnassigned
