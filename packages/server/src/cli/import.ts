import { Command } from 'commander'
import { secretKeys } from '../access/secret-keys.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { createEngine } from '../engine.ts'
import { createLogger } from '../observability/logger.ts'
import { answering } from './answering.ts'
import { type Environment, readSettings } from './environment.ts'
import { checkBalances, countNeverGranted, importBalances } from './import/import-balances.ts'
import { type PlaceFlags, placed } from './placed.ts'

const help = `
The first line names the columns, in any order: customer, credits; and where needed unit, name, source,
expires_at, paid_amount_minor, paid_currency, key. Each row becomes one lot.

The file is in UTF-8. Every row is checked first, and nothing is imported when one is wrong. Imported customers
get no welcome credits.

Run twice it imports once: a row is known by its key, or else by all that it says, however that is written. 5 and
5.0 are the same, and so are 12:00Z and 13:00+01:00, an empty unit and the catalog's first one, and columns in
another order. Two balances that say the same need keys. An import that was interrupted is run again with the
same file: rows whose expires_at has passed since are left as they are.`

interface ImportFlags extends PlaceFlags {
  dryRun?: boolean
}

export function importCommand(environmentWith: (flags: ImportFlags) => Environment): Command {
  return placed(new Command('import'))
    .description('grant the balances of a CSV file, each row once; told by the same environment as serve')
    .argument('<file>', 'balances.csv')
    .option('--dry-run', 'check every row, and change nothing')
    .addHelpText('after', help)
    .action(async (file: string, flags: ImportFlags) => {
      process.exitCode = await importFile(file, environmentWith(flags), flags.dryRun === true)
    })
}

/** Beside what is answered: so that a pipe gets the answer alone. */
function tell(message: string): void {
  console.error(message)
}

/** `tallystick import`. Answers the exit code: 1 when nothing, or not all, was imported. */
export function importFile(file: string, environment: Environment, isDryRun: boolean): Promise<number> {
  return answering(async () => {
    const settings = readSettings(environment)
    const catalog = await loadCatalog(settings.configFile)
    const input = { file, catalog, now: new Date(), complain: tell }
    const { rows, wrong, past, summary } = await checkBalances(input)
    function nothingImported(wrongRows: number): number {
      console.error(`${wrongRows} of ${rows} rows are wrong: nothing was imported.`)
      return 1
    }
    if (wrong > 0 || (isDryRun && past.length > 0)) {
      for (const { line } of past)
        tell(`line ${line}: expires_at has passed: leave the row out, unless it was imported before.`)
      return nothingImported(wrong + past.length)
    }
    if (isDryRun) {
      console.log(`${summary}. All are right; nothing was imported, for this was a dry run.`)
      return 0
    }
    const engine = await createEngine({
      // Whoever brings a balance is no new customer.
      catalog: { ...catalog, welcome: undefined },
      database: settings.database,
      mode: secretKeys(settings.apiKeys).mode,
      log: createLogger({ level: 'warn' }),
    })
    try {
      const neverGranted = await countNeverGranted(engine, past, tell)
      if (neverGranted > 0) return nothingImported(neverGranted)
      const refused = await importBalances({ ...input, engine, rows, progress: tell })
      if (refused > 0) {
        console.error(`${refused} of ${rows} rows were refused; the others are imported.`)
        return 1
      }
      console.log(`${summary}. All are imported; a row that had been imported before was not granted again.`)
      return 0
    } finally {
      await engine.close()
    }
  })
}
