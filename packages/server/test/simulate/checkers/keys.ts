import type { Audit } from './audit.ts'

/** A key is bound once, to something that was asked for under it. */
export function checkKeys({ books }: Audit, report: (message: string, walletId?: string) => void): void {
  for (const { walletId, transactions } of books.values()) {
    const bound = new Map<string, bigint>()
    for (const transaction of transactions) {
      const key = transaction.bound?.key ?? undefined
      if (key === undefined) continue
      const before = bound.get(key)
      if (before !== undefined)
        report(`key ${key} is bound to #${before} and to #${transaction.number}`, walletId)
      bound.set(key, transaction.number)
    }
  }
}
