import { openExistingDatabase } from '../database/open-existing-database.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId, formatIdInWallet } from '../kernel/ids.ts'
import {
  noneVerified,
  plusSlice,
  shareBefore,
  type Verification,
  type VerifiedSlice,
  verifySlices,
} from '../ledger/verify.ts'
import { answering } from './answering.ts'
import { type Environment, readDatabaseSettings } from './environment.ts'
import { progressLine } from './progress-line.ts'

/** `tallystick verify`: recomputes everything that is stored twice, of a ledger that is there. Answers the exit code: 1 for any difference. */
export function verifyCommand(environment: Environment): Promise<number> {
  return answering(async () => {
    const database = await openExistingDatabase(readDatabaseSettings(environment))
    const progress = progressLine(process.stderr)
    try {
      let sum = noneVerified
      for await (const slice of verifySlices(database)) {
        sum = plusSlice(sum, slice)
        progress.show(describeProgress(sum, slice))
      }
      progress.end()
      console.log(describe(sum))
      return sum.differences.length === 0 ? 0 : 1
    } finally {
      progress.end()
      await database.close()
    }
  })
}

function describeProgress({ wallets, entries, differences }: Verification, { next }: VerifiedSlice): string {
  const share = shareBefore(next)
  const walletsInAll = share === 1 ? `${wallets}` : `about ${Math.round(Number(wallets) / share)}`
  return `Verifying: ${Math.floor(share * 100)} %, ${wallets} of ${walletsInAll} wallets, ${entries} entries, ${differences.length} differences`
}

function describe({ wallets, lots, entries, differences }: Verification): string {
  if (wallets === 0n && differences.length === 0)
    return 'There is nothing in the ledger: no wallet was checked.'
  const counts = `${entries} entries, ${lots} lots, ${wallets} wallets checked`
  if (differences.length === 0) return `Ledger balances: ${counts}.`
  const lines = differences.map(({ walletId, lotId, what, stored, computed }) => {
    const lot = lotId === undefined ? '' : ` ${formatIdInWallet('lot', { walletId, id: lotId })}`
    return `  ${formatId('wallet', walletId)}${lot} ${what}: stored ${decimalFromCredits(stored)}, should be ${decimalFromCredits(computed)}`
  })
  return [`Ledger does not balance: ${counts}, ${differences.length} differences.`, ...lines].join('\n')
}
