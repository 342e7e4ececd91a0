import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type DirectoryLock, lockDirectory } from '../../database/directory-lock.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { ChildLog } from './child-log.ts'
import { closeToOthers } from './close-to-others.ts'
import { type DevState, readDevState, writeDevState } from './dev-state.ts'
import { writeEnvFile } from './env-file.ts'
import { type ChildPlan, ManagedChild } from './managed-child.ts'
import { openBrowser } from './open-browser.ts'
import { planChildren, type RunCommand } from './plan-children.ts'
import { pickPorts } from './ports.ts'
import { waitForEnd } from './processes.ts'

export interface DevOptions {
  readonly data: string
  readonly config: string
  readonly commands: readonly RunCommand[]
  /** Undefined: only where a person sits at a terminal. */
  readonly open: boolean | undefined
  readonly envFile: boolean
}

/** A mistake of the caller or of the surroundings: shown without a stack. */
export class DevError extends Error {
  override readonly name = 'DevError'
}

const usualPorts = { dodo: 4200, server: 4100, firstCommand: 4000 }
/** An earlier run that was just told to end still holds the folder for a moment. */
const lockPatienceMs = 3_000
/** A second Ctrl-C within this time is the same one, told by the terminal and by npm; a later one means: at once. */
const sameSignalMs = 1_000

/**
 * Runs the local Dodo, the server and the commands until a signal ends them, all in one terminal.
 *
 * @throws DevError when the folder is in use, the catalog is missing, or a child does not come up
 */
export async function runDev(options: DevOptions): Promise<void> {
  const configFile = resolve(options.config)
  if (!existsSync(configFile)) throw new DevError(missingConfig(configFile))
  await mkdir(options.data, { recursive: true, mode: 0o700 })
  const folder = await realpath(options.data)
  await ignoreInGit(folder)
  const lock = await lockFolder(folder)
  await closeToOthers(folder)

  const children: ManagedChild[] = []
  const logs: ChildLog[] = []
  const ending = Promise.withResolvers<void>()
  ending.promise.catch(() => {})
  const stopListening = onEndSignal(
    () => ending.resolve(),
    () => {
      for (const child of children) child.kill()
      process.exit(1)
    },
  )

  try {
    let state = await stateForRun(folder, options.commands)
    await writeDevState(folder, state).catch((error: unknown) => {
      throw new DevError(`${folder} cannot be written: ${messageOf(error)}`)
    })
    let writing = Promise.resolve()
    const remember = (pid: number) => {
      state = { ...state, processes: [...state.processes.slice(-20), pid] }
      // What runs goes on; only the next start, after a crash, will not know this process to wait for.
      writing = writing
        .then(() => writeDevState(folder, state))
        .catch((error: unknown) => report(`warning: ${folder} cannot be written: ${messageOf(error)}`))
    }

    const ports = new Map(Object.entries(state.ports))
    const plans = planChildren({
      folder,
      configFile,
      commands: options.commands,
      ports,
      state,
      environment: process.env,
    })
    const start = (plan: ChildPlan, needs?: Promise<unknown>) => {
      const log = new ChildLog(join(folder, 'logs', `${plan.name}.log`), (text) =>
        report(text.replaceAll(/^/gm, `[${plan.name}] `)),
      )
      logs.push(log)
      const child = new ManagedChild(plan, {
        log,
        report,
        onGivenUp: (error) => ending.reject(new DevError(error.message)),
        onSpawn: remember,
        ...(needs !== undefined && { needs }),
      })
      children.push(child)
      child.start()
      return child.ready
    }

    const names = ['dodo', 'server', ...options.commands.map(({ name }) => name)]
    report(`Starting ${names.join(', ')}; logs are in ${join(folder, 'logs')}.`)
    const outcome = await Promise.race([
      (async () => {
        // All at once: a studio builds its pages while the server makes its database.
        const services = Promise.all([start(plans.dodo), start(plans.server)])
        await Promise.all([services, ...plans.commands.map((plan) => start(plan, services))])
        return 'ready' as const
      })(),
      ending.promise.then(() => 'ended' as const),
    ])
    if (outcome === 'ready') {
      // A command may have made its part of the folder only now.
      await closeToOthers(folder)
      if (options.envFile) await tellApp(plans.appVariables)
      const addresses = [...options.commands.map(({ name }) => name), 'server', 'dodo'].map(
        (name) => [name, `http://localhost:${ports.get(name)}`] as const,
      )
      report(['Ready.', ...addresses.map(([name, address]) => `${name} ${address}`)].join('\n'))
      const [firstCommand] = options.commands
      const page = addresses[0]?.[1]
      const wanted =
        options.open ?? (firstCommand !== undefined && process.stdout.isTTY && !process.env['CI'])
      if (wanted && page !== undefined) openBrowser(page)
      await ending.promise
    }
    report('Stopping…')
    await stopInOrder(children)
    await writing
    report('Stopped. Everything is kept.')
  } finally {
    await stopInOrder(children)
    stopListening()
    for (const log of logs) log.close()
    await lock.release()
  }
}

function report(line: string): void {
  console.log(line)
}

/** Commands use the server, and the server uses the local Dodo: each ends before what it uses. */
async function stopInOrder(children: readonly ManagedChild[]): Promise<void> {
  await Promise.all(children.filter(({ plan }) => plan.kind === 'command').map((child) => child.stop()))
  for (const child of children.filter(({ plan }) => plan.kind === 'service').toReversed()) await child.stop()
}

async function stateForRun(folder: string, commands: readonly RunCommand[]): Promise<DevState> {
  const state = await readDevState(folder, randomBytes)
  // Were the earlier run killed, its children end by themselves; until then they hold its ports and the database.
  const left = await waitForEnd(state.processes, 0)
  if (left.length > 0) {
    report('Waiting for the processes of an earlier run to end…')
    await waitForEnd(left)
  }
  const ports = await pickPorts([
    { name: 'dodo', remembered: state.ports['dodo'], usual: usualPorts.dodo },
    { name: 'server', remembered: state.ports['server'], usual: usualPorts.server },
    ...commands.map(({ name }) => ({ name, remembered: state.ports[name], usual: usualPorts.firstCommand })),
  ])
  return { ...state, ports: { ...state.ports, ...Object.fromEntries(ports) }, processes: [] }
}

async function lockFolder(folder: string): Promise<DirectoryLock> {
  const deadline = performance.now() + lockPatienceMs
  for (;;) {
    try {
      return await lockDirectory(folder)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (performance.now() > deadline) throw new DevError(await inUse(folder))
      await delay(100)
    }
  }
}

async function inUse(folder: string): Promise<string> {
  const state = await readDevState(folder, randomBytes)
  const addresses = Object.entries(state.ports).map(([name, port]) => `  ${name} http://localhost:${port}`)
  return [
    `Another \`tallystick dev\` (or npm start) is running on ${folder}:`,
    ...addresses,
    'Use that one, end it with Ctrl-C in its terminal, or give this one a folder of its own: --data DIR.',
  ].join('\n')
}

function missingConfig(file: string): string {
  return [
    `There is no ${file}. Write one, for example:`,
    '',
    "  import { defineCatalog, pack, usd } from 'tallystick'",
    '',
    '  export default defineCatalog({',
    "    units: { credits: { name: 'Credits' } },",
    "    actions: { 'image.standard': { credits: 1, name: 'An image' } },",
    "    packs: { starter: pack({ name: 'Starter', credits: 100, price: usd(10) }) },",
    "    welcome: { credits: 50, name: 'Welcome gift' },",
    '  })',
    '',
    'or name yours with --config FILE.',
  ].join('\n')
}

/** Balances and keys of a local run are nobody's business in a repository; the folder says so itself. */
async function ignoreInGit(folder: string): Promise<void> {
  const file = join(folder, '.gitignore')
  if (!existsSync(file)) await writeFile(file, '*\n')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function tellApp(variables: Readonly<Record<string, string>>): Promise<void> {
  const file = resolve('.env.local')
  const outcome = await writeEnvFile(file, variables)
  if (outcome === 'written') report(`${Object.keys(variables).join(' and ')} are in ${file}.`)
  if (outcome === 'has-live-key')
    report(`${file} holds a live key and is left as it is; the test key is in dev.json of the data folder.`)
}

/** Calls `once` at the first signal to end, `again` at one that comes later. */
function onEndSignal(once: () => void, again: () => void): () => void {
  let firstAtMs: number | undefined
  const handle = () => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now()
      once()
    } else if (performance.now() - firstAtMs > sameSignalMs) again()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, handle)
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}
