import { secretKeys } from '../access/secret-keys.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { openExistingDatabase } from '../database/open-existing-database.ts'
import { createEngineWith, type Engine } from '../engine.ts'
import { createJobs } from '../jobs/jobs.ts'
import { createLogger } from '../observability/logger.ts'
import { answering } from './answering.ts'
import { type Environment, readSettings } from './environment.ts'

/**
 * Opens the engine that the environment tells of, does one thing with it, and closes it. What a server does beside that (messages, schedules) is left to the server,
 * and so is making a database or bringing it up to date: a mistyped place is told, and not filled. Answers the exit code.
 */
export function withEngine(
  environment: Environment,
  work: (engine: Engine) => Promise<number>,
): Promise<number> {
  return answering(async () => {
    const settings = readSettings(environment)
    const options = {
      catalog: await loadCatalog(settings.configFile),
      database: settings.database,
      mode: secretKeys(settings.apiKeys).mode,
      provider: settings.dodo && { dodo: settings.dodo },
      work: false,
      log: createLogger({ level: 'silent' }),
    }
    const engine = await createEngineWith(options, createJobs, openExistingDatabase)
    try {
      return await work(engine)
    } finally {
      await engine.close()
    }
  })
}
