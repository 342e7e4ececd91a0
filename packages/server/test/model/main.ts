/**
 * `npm run histories`: random histories on the ledger and on the naive one. Ends with `operations=… refusals=… differences=…`; with `--sabotage`,
 * `planted=… caught=…`.
 */
import { parseArgs } from 'node:util'
import { playMany } from './play-many.ts'
import { openRealStand } from './real-ledger.ts'
import { sabotage } from './sabotage.ts'

const help = `npm run histories -- [--operations N] [--seed N] | --sabotage [NAME…]

--operations N  so many operations at least (1,000,000)
--seed N        another course of things than that of seed 1
--sabotage      plants one fault after the other into the ledger, each of which must be caught: those named, or all`

const shownMax = 160

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    operations: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    sabotage: { type: 'boolean', default: false },
    hunt: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) console.log(help)
else if (values.sabotage) process.exitCode = await sabotage(positionals)
else process.exitCode = await play()

async function play(): Promise<number> {
  try {
    const tally = await playMany({
      seed: Number(values.seed),
      operationsMin: Number(values.operations),
      // Who hunts a fault wants to know that it is there, and not the shortest way to it.
      shrinks: !values.hunt,
      open: openRealStand,
    })
    console.log(tally.table())
    console.log(`operations=${tally.sum('operation')} refusals=${tally.sum('refusal')} differences=0`)
    return 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.log(values.hunt ? `found: ${message.replaceAll(/\s+/g, ' ').slice(0, shownMax)}` : message)
    return 1
  }
}
