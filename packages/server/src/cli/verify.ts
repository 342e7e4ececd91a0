import { openDatabase } from '../database/open-database.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId, formatIdInWallet } from '../kernel/ids.ts'
import { type Verification, verify } from '../ledger/verify.ts'
import { type Environment, readDatabaseSettings } from './environment.ts'
import { isAnswer } from './is-answer.ts'

/** `tallystick verify`: recomputes every stored sum from the entries. Answers the exit code: 1 for any difference. */
export async function verifyCommand(environment: Environment): Promise<number> {
  try {
    const database = await openDatabase(readDatabaseSettings(environment))
    try {
      const verification = await database.transaction((tx) => verify(tx))
      console.log(describe(verification))
      return verification.differences.length === 0 ? 0 : 1
    } finally {
      await database.close()
    }
  } catch (error) {
    console.error(isAnswer(error) ? error.message : error)
    return 1
  }
}

export function describe({ wallets, lots, entries, differences }: Verification): string {
  const counts = `${entries} entries, ${lots} lots, ${wallets} wallets checked`
  if (differences.length === 0) return `Ledger balances: ${counts}.`
  const lines = differences.map(({ walletId, lotId, what, stored, computed }) => {
    const lot = lotId === undefined ? '' : ` ${formatIdInWallet('lot', { walletId, id: lotId })}`
    return `  ${formatId('wallet', walletId)}${lot} ${what}: stored ${decimalFromCredits(stored)}, its entries say ${decimalFromCredits(computed)}`
  })
  return [`Ledger does not balance: ${counts}, ${differences.length} differences.`, ...lines].join('\n')
}
