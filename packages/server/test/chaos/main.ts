/** `npm run chaos`: see README.md. Ends with a line of figures. */
import { parseArgs } from 'node:util'
import { plantInPurchases } from './plant-all.ts'
import { runChaos } from './run-chaos.ts'

const help = `npm run chaos [-- [--orders N] [--kills N] [--seed N] | -- --sabotage [NAME…]]

--orders N       so many purchases, 1000 unless given
--kills N        the server is killed so often meanwhile; one for 16 orders unless given
--seed N         another course of things than that of seed 1
--sabotage       faults are planted into our code, each of which must be caught: all, or those whose names contain NAME`

const ordersPerKill = 16

/** Where much is wrong, the first tell enough. */
const shownMax = 20

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      orders: { type: 'string', default: '1000' },
      kills: { type: 'string' },
      seed: { type: 'string', default: '1' },
      sabotage: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    say(help)
    return 0
  }
  const seed = Number(values.seed)
  if (values.sabotage) return plantInPurchases({ names: positionals, seed, say })
  const orders = Number(values.orders)
  const kills = Number(values.kills ?? Math.ceil(orders / ordersPerKill))
  const report = await runChaos({ orders, kills, seed, say })
  const { wrong, grantedTwice, missed, ...counts } = report
  for (const [what, its] of Object.entries({ wrong, grantedTwice, missed }))
    for (const one of its.slice(0, shownMax)) say(`${what}: ${one}`)
  say(
    `duplicates=${counts.duplicates} dropped=${counts.dropped} reordered=${counts.reordered} lost_answers=${counts.lost_answers} kills=${counts.kills} refunds=${counts.refunds} disputes=${counts.disputes} refund_then_dispute=${counts.refund_then_dispute} without_webhook=${counts.without_webhook} paid=${counts.paid}`,
  )
  say(
    `orders=${counts.orders} wrong=${wrong.length} granted_twice=${grantedTwice.length} missed=${missed.length}`,
  )
  return wrong.length + grantedTwice.length + missed.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const code = await main()
process.stdout.write('', () => process.exit(code))
