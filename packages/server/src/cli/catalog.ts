import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { secretKeys } from '../access/secret-keys.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { openDatabase } from '../database/open-database.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatMoney } from '../kernel/money.ts'
import { createDodoProvider } from '../providers/dodo/dodo-provider.ts'
import { modesDiffer, providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { moduleOf, type Pulled, pullProducts } from '../shelf/pull-products.ts'
import { type PushedStep, pushCatalog } from '../shelf/push-catalog.ts'
import { answering } from './answering.ts'
import { type Environment, readSettings, type Settings } from './environment.ts'
import { placed } from './placed.ts'

interface CatalogFlags {
  data?: string
  config?: string
  dryRun?: boolean
  out?: string
}

export function catalogCommand(environmentWith: (flags: CatalogFlags) => Environment): Command {
  const push = placed(new Command('push'))
    .description(
      "show how Dodo's products differ from the packs, and make them the same; told by the same environment as serve",
    )
    .option('--dry-run', 'show the difference, and change nothing')
    .addHelpText(
      'after',
      `
What was sold is never edited: a pack whose price, name or credits changed gets a new product, and the old one is
archived. Products that were made in the dashboard are left alone. Run it as often as you like.`,
    )
    .action(async (flags: CatalogFlags) => {
      process.exitCode = await pushProducts(environmentWith(flags), flags.dryRun === true)
    })
  const pull = new Command('pull')
    .description('write packs for the products that were made in the Dodo dashboard')
    .option('--config <file>', 'the catalog (TALLYSTICK_CONFIG, tallystick.config.ts)')
    .option('--out <file>', 'write them to this file instead of printing them')
    .action(async (flags: CatalogFlags) => {
      process.exitCode = await pullPacks(environmentWith(flags), flags.out)
    })
  return new Command('catalog')
    .description("the catalog and Dodo's products")
    .addCommand(push)
    .addCommand(pull)
}

/** `tallystick catalog push`. Answers the exit code: 1 when something is wrong that a person must mend. */
export function pushProducts(environment: Environment, isDryRun: boolean): Promise<number> {
  return answering(async () => {
    const { settings, provider } = await open(environment)
    const catalog = await loadCatalog(settings.configFile)
    console.log(`Dodo Payments, ${provider.mode} mode${isDryRun ? ', a dry run: nothing is changed' : ''}.`)
    const database = await openDatabase({ ...settings.database, clock: undefined })
    try {
      const tell = (done: PushedStep) => {
        console.log(lineOf(done, isDryRun))
      }
      const steps = await pushCatalog({ database, provider, catalog, isDryRun, tell })
      const problems = steps.filter(({ problem }) => problem !== undefined).length
      if (problems > 0) {
        console.error(
          `${problems} of the adopted products are not as their packs say. Mend them, and push again.`,
        )
        return 1
      }
      console.log(summaryOf(steps, isDryRun))
      return 0
    } finally {
      await database.close()
    }
  })
}

function lineOf({ step, productId, problem }: PushedStep, isDryRun: boolean): string {
  switch (step.kind) {
    case 'keep':
      return `  =  ${step.pack.id}  ${productId}`
    case 'check':
      return problem === undefined
        ? `  =  ${step.pack.id}  ${productId} (adopted)`
        : `  !  ${step.pack.id}  ${problem}`
    case 'create': {
      const { id, name, credits, unit, price } = step.pack
      const what = `${id}  ${name}, ${decimalFromCredits(credits)} ${unit} for ${formatMoney(price)}`
      const was = step.instead === undefined ? '' : `, before ${formatMoney(step.instead.price)}`
      return `  +  ${what}${was}${isDryRun ? '' : `  ${productId}`}`
    }
    case 'archive':
      return `  -  ${step.product.productId}  ${step.product.name} for ${formatMoney(step.product.price)}: ${step.why}`
  }
}

function summaryOf(steps: readonly PushedStep[], isDryRun: boolean): string {
  const count = (kind: PushedStep['step']['kind']) => steps.filter(({ step }) => step.kind === kind).length
  const [made, archived] = [count('create'), count('archive')]
  if (made + archived === 0) return 'Nothing to do: every pack has its product.'
  const verb = isDryRun ? 'would be' : 'were'
  return `${made} products ${verb} made, ${archived} ${verb} archived.`
}

/** `tallystick catalog pull`. Answers the exit code. */
export function pullPacks(environment: Environment, out: string | undefined): Promise<number> {
  return answering(async () => {
    const { settings, provider } = await open(environment)
    const pulled = await pullProducts(provider, await loadCatalog(settings.configFile))
    for (const { product, why } of pulled.leftOut)
      console.error(`Left out: ${product.productId} ${product.name}: ${why}.`)
    if (pulled.packs.length === 0) {
      console.error('There is no product of the dashboard that the catalog could sell and does not.')
      return 0
    }
    await write(pulled, out)
    return 0
  })
}

async function write({ packs }: Pulled, out: string | undefined): Promise<void> {
  const text = moduleOf(packs)
  if (out === undefined) {
    console.log(text)
    return
  }
  await writeFile(out, text)
  console.error(
    `${packs.length} packs are in ${out}. Spread them into the catalog: packs: { ...dodoPacks, … }, and run tallystick catalog push.`,
  )
}

async function open(environment: Environment): Promise<{ settings: Settings; provider: PaymentProvider }> {
  const settings = readSettings(environment)
  if (settings.dodo === undefined) throw providerNotConfigured({})
  const provider = await createDodoProvider(settings.dodo)
  const { mode } = secretKeys(settings.apiKeys)
  if (provider.mode !== mode) throw modesDiffer({ engine: mode, provider: provider.mode })
  return { settings, provider }
}
