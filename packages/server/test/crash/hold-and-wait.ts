/** A process for crash tests: grants 50, charges 1 as often as it can in a moment, holds 5, says so, and waits to be killed. */
import { openDatabase } from '../../src/database/open-database.ts'
import type { WalletOwner } from '../../src/kernel/ids.ts'
import { chargeOf, grantOf, holdOf, newId } from '../../src/ledger/__fixtures__/operations.ts'
import { createLedger } from '../../src/ledger/ledger.ts'

const [, , dataDir = ''] = process.argv
const database = await openDatabase({ dataDir })
const ledger = await createLedger({ database, newId })
const owner: WalletOwner = { mode: 'test', customer: 'alice', unit: 'credits' }

await ledger.submit(grantOf(owner, '50'))
const charged = 10
await Promise.all(Array.from({ length: charged }, () => ledger.submit(chargeOf(owner, '1'))))
const hold = await ledger.submit(holdOf(owner, '5'))
process.stdout.write(`${JSON.stringify({ owner, charged, holdExpiresAt: hold.hold?.expiresAt })}\n`)
setInterval(() => {}, 1000)
