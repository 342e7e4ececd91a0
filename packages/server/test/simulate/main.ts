/**
 * `npm run simulate`: thousands of seeds, each a small world of nodes, clients and troubles around the real ledger, audited when it has come to rest.
 * Ends with `seeds=… operations=… violations=…`; with `--sabotage`, `planted=… caught=…`.
 */
import { parseArgs } from 'node:util'
import { explain } from './explain.ts'
import { runMany } from './run-many.ts'
import { runSeed } from './run-seed.ts'
import { sabotage } from './sabotage/sabotage.ts'

const help = `npm run simulate -- [--seeds N] [--from N] | --seed N [--share N] [--trace] | --sabotage [NAME…]

--seeds N      so many seeds (2000)
--from N       beginning with this one (1)
--seed N       one seed; --trace prints what happened in it, --share N lets each client ask for N operations at most
--sabotage     plants one fault after the other into the ledger, each of which must be caught: those named, or all`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      share: { type: 'string' },
      trace: { type: 'boolean', default: false },
      sabotage: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  if (values.sabotage) return await sabotage(positionals)
  if (values.seed === undefined) return await runMany(Number(values.from), Number(values.seeds))
  const share = values.share === undefined ? undefined : Number(values.share)
  const log = values.trace ? (line: string) => console.log(line) : undefined
  const result = await runSeed(Number(values.seed), { log, share })
  for (const line of values.trace ? [] : await explain(result)) console.log(line)
  for (const { checker, message } of values.trace ? result.violations : [])
    console.log(`${checker}: ${message}`)
  console.log(`seeds=1 operations=${result.counts.operations} violations=${result.violations.length}`)
  return result.violations.length === 0 ? 0 : 1
}

process.exitCode = await main()
