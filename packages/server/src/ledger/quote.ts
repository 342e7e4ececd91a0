import type { Transaction } from '../database/database.ts'
import type { Credits } from '../kernel/credits.ts'
import { type WalletOwner, walletId } from '../kernel/ids.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import { takeSpendable } from './decide/spend.ts'
import { readWalletNow } from './read-wallet.ts'
import { type LotShare, spendableOn } from './wallet.ts'

export interface QuoteInput {
  readonly owner: WalletOwner
  readonly credits: Credits
  readonly action: string | undefined
}

/** What a charge would do now. Only the charge itself, or a hold, makes it so. */
export interface Quote {
  readonly required: Credits
  readonly spendable: Credits
  /** Which lots would pay, in burn order: as far as they go. */
  readonly shares: readonly LotShare[]
  /** What the charge would be answered; undefined when it can be afforded. */
  readonly refusal: Refusal | undefined
}

export async function readQuote(tx: Transaction, input: QuoteInput, context: LedgerContext): Promise<Quote> {
  const { wallet, now } = await readWalletNow(tx, walletId(input.owner), context)
  const { taken, refusal } = takeSpendable(wallet, input, now)
  return {
    required: input.credits,
    spendable: spendableOn(wallet, input.action, now),
    shares: taken,
    refusal,
  }
}
