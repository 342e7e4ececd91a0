import { type Credits, createEngine, creditsFromDecimal, defineCatalog, type Engine } from 'tallystick'
import { measureHere } from '../in-process.ts'
import type { BenchPostgres } from '../postgres.ts'
import { chargedCredits, grantedCredits, type Way, walletCount } from '../way.ts'

const catalog = defineCatalog({ units: { credits: { name: 'Credits' } }, actions: {} })

function credits(count: bigint): Credits {
  const parsed = creditsFromDecimal(count.toString())
  if (parsed === undefined) throw new Error(`${count} are no credits.`)
  return parsed
}

const charged = credits(chargedCredits)

const ample = credits(grantedCredits)
const twoLimits = [
  { by: 'customer', window: 'day', max: ample },
  { by: 'member', id: 'm1', window: 'rolling_day', max: ample },
] as const

/** Takes a customer's credits once, or in several steps that are one operation to the caller. */
export type Spend = (engine: Engine, customer: string, newKey: () => string) => Promise<unknown>

export const charge = (engine: Engine, customer: string, newKey: () => string) =>
  engine.charge({ customer, credits: charged, idempotencyKey: newKey() })

export const chargeWithLimits: Spend = (engine, customer, newKey) =>
  engine.charge({ customer, credits: charged, idempotencyKey: newKey(), limits: twoLimits })

/** A pair counts as one operation; it is two of the ledger's. */
export const holdAndCapture: Spend = async (engine, customer, newKey) => {
  const { walletId, receipt } = await engine.hold({ customer, credits: charged, idempotencyKey: newKey() })
  if (receipt.hold === undefined) throw new Error('A hold answers no hold.')
  return engine.capture({ hold: { walletId, id: receipt.hold.id }, idempotencyKey: newKey() })
}

export type EngineDatabase = { readonly url: string } | { readonly dataDir: string }

export function openEngine(database: EngineDatabase): Promise<Engine> {
  return createEngine({ catalog, database })
}

export function customerName(wallet: number): string {
  return `customer_${wallet}`
}

/** Credits for every customer that the callers draw from, by the front door. */
export async function grantToAll(engine: Engine): Promise<void> {
  await Promise.all(
    Array.from({ length: walletCount }, (_, wallet) =>
      engine.grant({
        customer: customerName(wallet),
        credits: ample,
        source: 'purchase',
        name: 'Benchmark',
        idempotencyKey: `grant_${wallet}`,
      }),
    ),
  )
}

/** The engine in this process, as an app embeds it: its callers, its batches and its driver share one thread. */
export function wayOver(
  engine: Engine,
  spend: Spend,
  options: {
    readonly postmaster: number | undefined
    readonly databaseUrl?: string
    readonly customerOf?: (wallet: number) => string
  },
): Way {
  const { postmaster, databaseUrl, customerOf = customerName } = options
  return {
    databaseUrl,
    measure: (load, keys) =>
      measureHere(load, keys, postmaster, (wallet, newKey) => spend(engine, customerOf(wallet), newKey)),
    close: () => engine.close(),
  }
}

export async function openOurs(postgres: BenchPostgres, name: string, spend: Spend): Promise<Way> {
  const databaseUrl = await postgres.createDatabase(name)
  const engine = await openEngine({ url: databaseUrl })
  await grantToAll(engine)
  return wayOver(engine, spend, { postmaster: postgres.postmaster, databaseUrl })
}
