import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { secretKeys } from '../access/secret-keys.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { watchCatalog } from '../catalog/watch-catalog.ts'
import { createEngine, type Engine } from '../engine.ts'
import { Fault } from '../kernel/refusal.ts'
import { createLogger, type Log } from '../observability/logger.ts'
import type { DodoSettings } from '../providers/dodo/dodo-settings.ts'
import { createServer } from '../server.ts'
import { type Environment, readSettings, type Settings } from './environment.ts'
import { type FollowedClock, followClock } from './follow-clock.ts'
import { wordsFor } from './words-for.ts'

/** `tallystick serve`: runs until a signal ends it. Answers the exit code. */
export async function serve(environment: Environment): Promise<number> {
  let running: Running
  try {
    const settings = readSettings(environment)
    // What the embedded database writes is its owner's alone.
    process.umask(0o077)
    running = await startServing(settings, createLogger({ level: settings.logLevel }))
  } catch (error) {
    // What a person can mend is said in words; what is a bug, with its stack.
    console.error(wordsFor(error))
    return 1
  }
  await askedToStop()
  await running.close()
  return 0
}

function askedToStop(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  return promise
}

export interface Running {
  readonly url: string
  readonly engine: Engine
  /** Stops accepting, finishes what is in flight, closes the engine. */
  close(): Promise<void>
}

// Longer than any request of ours takes; a client that never reads its answer must not keep the process.
const drainTimeoutMs = 10_000

/**
 * The server on its port.
 *
 * @throws Fault for what is wrong with settings, catalog, keys, provider or database, in words for the operator
 */
export async function startServing(settings: Settings, log: Log): Promise<Running> {
  const { mode } = secretKeys(settings.apiKeys)
  const clock = await clockOf(settings, log)
  const engine = await createEngine({
    clock: clock && (() => clock.now()),
    catalog: await loadCatalog(settings.configFile),
    database: settings.database,
    mode,
    observe: settings.observe,
    log,
    provider: settings.dodo && { dodo: settings.dodo },
    verifyPerMinute: settings.verifyPerMinute,
    reconcileEveryMinutes: settings.reconcileEveryMinutes,
  })
  const watch = settings.dev ? watchFor(engine, settings.configFile) : undefined
  const server = createServer(engine, {
    apiKeys: settings.apiKeys,
    dev: settings.dev ? { kill: () => process.kill(process.pid, 'SIGKILL') } : undefined,
  })
  // Not `nodeHandler`: this process is ours, and with the listener's own Request and Response for globals answers are quicker.
  const listener = createHttpServer(getRequestListener(server.fetch))

  async function close(): Promise<void> {
    watch?.close()
    clock?.stop()
    await drain(listener)
    await engine.close()
    log.info({}, 'stopped')
  }

  try {
    listener.listen(settings.port, settings.host)
    await once(listener, 'listening')
  } catch (error) {
    watch?.close()
    clock?.stop()
    await engine.close()
    throw cannotListen(settings, error)
  }
  const { port } = listener.address() as AddressInfo
  const url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`
  log.info(
    { url, mode, ...catalogFacts(engine.catalog()), provider: settings.dodo && providerFacts(settings.dodo) },
    'listening',
  )
  if (settings.observe)
    log.warn({}, 'observe mode (TALLYSTICK_OBSERVE=1): nothing is refused for want of credits or for a limit')
  return { url, engine, close }
}

/** In development with a local Dodo, whose clock people move; everywhere else the database's. */
async function clockOf({ dev, dodo }: Settings, log: Log): Promise<FollowedClock | undefined> {
  return dev && dodo !== undefined && 'baseUrl' in dodo.target
    ? followClock(dodo.target.baseUrl, log)
    : undefined
}

/** Accepts no more connections, and returns when the last request is answered. */
async function drain(listener: HttpServer): Promise<void> {
  const closed = once(listener, 'close')
  listener.close()
  // A connection that is kept alive after its answer would hold the process for seconds.
  const letGo = setInterval(() => listener.closeIdleConnections(), 20)
  const cut = setTimeout(() => listener.closeAllConnections(), drainTimeoutMs)
  await closed
  clearInterval(letGo)
  clearTimeout(cut)
}

function watchFor(engine: Engine, file: string) {
  return watchCatalog(file, {
    onLoaded: async (catalog) => {
      if (catalog.hash === engine.catalog().hash) return
      await engine.setCatalog(catalog)
      engine.log.info(catalogFacts(catalog), 'catalog reloaded')
    },
    onBroken: (error) => {
      const message = error instanceof Error ? error.message : String(error)
      engine.log.error({ catalog: engine.catalog().hash }, `${message}\nThe catalog before it stays in use.`)
    },
  })
}

function providerFacts({ target }: DodoSettings) {
  return { name: 'dodo', at: 'baseUrl' in target ? target.baseUrl : target.environment }
}

function catalogFacts(catalog: Catalog) {
  return { catalog: catalog.hash, actions: catalog.actionsById.size, packs: catalog.packsById.size }
}

function cannotListen({ host, port }: Settings, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new Fault(
      'port_taken',
      `Port ${port} on ${host} is taken. Set PORT to another one, or to 0 for any.`,
      {
        retryable: false,
        cause: error,
      },
    )
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
    return new Fault('cannot_listen', `Cannot listen on ${host}:${port} (${code}). Set HOST and PORT.`, {
      retryable: false,
      cause: error,
    })
  return error
}
