/** A process for crash tests: grants 50, charges 1 as often as it can in a moment, holds 5, says so, and waits to be killed. */
import { randomBytes } from 'node:crypto'
import { openDatabase } from '../../src/database/open-database.ts'
import { idMaker, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import { credits } from '../../src/ledger/__fixtures__/history.ts'
import { createLedger } from '../../src/ledger/ledger.ts'

const [, , dataDir = ''] = process.argv
const newId = idMaker({ now: Date.now, randomBytes })
const database = await openDatabase({ dataDir })
const ledger = await createLedger({ database, newId })
const owner: WalletOwner = { mode: 'test', customer: 'alice', unit: 'credits' }
const common = () => ({ walletId: walletId(owner), key: { id: newId(), fingerprint: 0n } })
const spending = (decimal: string) => ({
  ...common(),
  credits: credits(decimal),
  unit: 'credits',
  action: 'chat',
  description: undefined,
  catalogId: undefined,
})

await ledger.submit({
  ...common(),
  kind: 'grant',
  owner,
  credits: credits('50'),
  source: 'promotion',
  name: 'Welcome gift',
  priority: 0,
  effectiveAt: undefined,
  expiresAt: undefined,
  paid: undefined,
  orderId: undefined,
})
const charged = 10
await Promise.all(Array.from({ length: charged }, () => ledger.submit({ ...spending('1'), kind: 'charge' })))
const hold = await ledger.submit({ ...spending('5'), kind: 'hold', timeToLiveMs: 60_000 })
process.stdout.write(`${JSON.stringify({ owner, charged, holdExpiresAt: hold.hold?.expiresAt })}\n`)
setInterval(() => {}, 1000)
