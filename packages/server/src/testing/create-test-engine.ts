import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogDefinition } from '../catalog/define-catalog.ts'
import { migratedSnapshot } from '../database/migrated-snapshot.ts'
import { createEngineWith, type Engine } from '../engine.ts'
import { createLogger, type Log } from '../observability/logger.ts'
import { createFakeProvider } from '../providers/fake/fake-provider.ts'
import { createServer } from '../server.ts'
import { createPromptJobs } from './prompt-jobs.ts'
import { createTestClock, type TestClock } from './test-clock.ts'
import { type TestPayments, testPayments } from './test-payments.ts'

export interface TestEngineOptions<C extends CatalogDefinition> {
  /** What `defineCatalog` made, or what `loadCatalog` read. */
  readonly catalog: C | Catalog
  /** Where the clock begins: the present unless given. */
  readonly now?: Date | undefined
  /** As `createEngine`'s. */
  readonly observe?: boolean | undefined
  /** Silent unless given. */
  readonly log?: Log | undefined
}

/** How a client reaches the engine without a socket: `createClient<typeof catalog>(test.server)`. */
export interface TestServer {
  readonly url: string
  readonly apiKey: string
  readonly fetch: (request: Request) => Promise<Response>
}

export interface TestEngine<C extends CatalogDefinition = CatalogDefinition> extends AsyncDisposable {
  readonly engine: Engine<C>
  /** The time of the ledger and of the orders. */
  readonly clock: TestClock
  readonly payments: TestPayments
  readonly server: TestServer
  close(): Promise<void>
}

const url = 'http://tallystick.test'
const apiKey = 'tsk_test_in_memory'

/**
 * An engine in memory, of its own: with the catalog's packs on sale at a fake provider, and a clock that stands still until it is told.
 *
 * @throws CatalogError with all that is wrong with the catalog
 */
export async function createTestEngine<const C extends CatalogDefinition>(
  options: TestEngineOptions<C>,
): Promise<TestEngine<C>> {
  const { catalog, now = new Date(), observe, log = createLogger({ level: 'silent' }) } = options
  const jobs = createPromptJobs({ log })
  const clock = createTestClock({ start: now, onChange: () => jobs.runRepeated() })
  const [snapshot, provider] = await Promise.all([
    migratedSnapshot(),
    createFakeProvider({ now: () => clock.now() }),
  ])
  const engine = await createEngineWith(
    {
      catalog,
      database: { dataDir: undefined, snapshot },
      observe,
      provider,
      log,
      clock: () => clock.now(),
      // It would run each time that the clock has moved; `engine.verify` is there for tests that ask.
      verifyPerMinute: 0,
    },
    () => jobs,
  )
  const server = createServer(engine, { apiKeys: [apiKey] })
  const close = () => engine.close()
  return {
    engine,
    clock,
    payments: testPayments(engine, provider, jobs),
    server: { url, apiKey, fetch: async (request) => server.fetch(request) },
    close,
    [Symbol.asyncDispose]: close,
  }
}
