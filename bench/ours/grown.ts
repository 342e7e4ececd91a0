import { creditsFromDecimal } from 'tallystick'
import type { BenchPostgres } from '../postgres.ts'
import { type Way, walletCount } from '../way.ts'
import { charge, openEngine, wayOver } from './engine.ts'
import { creditsLeft, customerInHistory, type History, loadHistory } from './load-history.ts'

/** The engine over a database with a long history; its callers draw from a thousand wallets that were drawn among all. */
export async function openGrown(
  postgres: BenchPostgres,
  history: History,
  onProgress: (text: string) => void,
): Promise<Way> {
  const databaseUrl = await postgres.createDatabase('grown')
  const engine = await openEngine({ url: databaseUrl })
  await loadHistory(databaseUrl, history, onProgress)
  await postgres.checkpoint()

  const draw = evenlyDrawn(history.wallets)
  const customers = Array.from({ length: walletCount }, () => customerInHistory(draw()))
  const customerOf = (wallet: number): string => customers[wallet] ?? customerInHistory(0)
  // Also the first mention of each customer to this engine, which costs a statement once and belongs to no measurement.
  const left = creditsFromDecimal(creditsLeft(history).toString())
  for (const customer of customers) {
    const { balance } = await engine.balance({ customer })
    if (balance.spendable !== left)
      throw new Error(
        `The history was not loaded as the ledger would read it: ${customer} has ${balance.spendable} millionths.`,
      )
  }
  return wayOver(engine, charge, { postmaster: postgres.postmaster, databaseUrl, customerOf })
}

/** Whole numbers below `count`, the same in every run. */
function evenlyDrawn(count: number): () => number {
  // A linear congruential generator is good enough to scatter a thousand wallets, and needs no library.
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
}
