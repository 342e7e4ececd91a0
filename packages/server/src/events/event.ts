import type { Mode, Uuid } from '../kernel/ids.ts'

interface Common {
  readonly id: Uuid
  readonly mode?: Mode | undefined
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

export type Event = LedgerDrift
