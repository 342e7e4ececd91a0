import type { AnsweredReceipt } from '../checkers/history.ts'

/** What the app knows of a wallet: what its clients were answered. */
export class Knowledge {
  readonly lots: string[] = []
  readonly holds: string[] = []
  /** By the numbers of transactions that spent. */
  readonly spendings: bigint[] = []
  owes = false

  learn({ kind, transaction, shares, hold, balance }: AnsweredReceipt): void {
    const [share] = shares
    if ((kind === 'grant' || kind === 'adjust') && share !== undefined) this.#add(this.lots, share.lotId)
    if (hold !== undefined) this.#add(this.holds, hold.id)
    if (kind === 'charge' || kind === 'capture') this.#add(this.spendings, transaction)
    this.owes = balance.debt > 0n
  }

  #add<Thing>(things: Thing[], thing: Thing): void {
    if (!things.includes(thing)) things.push(thing)
  }
}
