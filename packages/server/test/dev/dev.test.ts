/** `tallystick dev` as a person runs it: the real server, the local Dodo, an app beside them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { readDevState, writeDevState } from '../../src/cli/dev/dev-state.ts'
import { pickPorts } from '../../src/cli/dev/ports.ts'
import { waitForEnd } from '../../src/cli/dev/processes.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')

/** Any app: it answers with what it was told. */
const app = `
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
mkdirSync(process.env.TALLYSTICK_DATA + '/studio', { recursive: true })
createServer((_, response) => response.end(JSON.stringify({ url: process.env.TALLYSTICK_URL, key: process.env.TALLYSTICK_API_KEY, pid: process.pid })))
  .listen(Number(process.env.PORT), process.env.HOST)`

const config = `
import { defineCatalog, pack, usd } from 'tallystick'
export default defineCatalog({
  units: { credits: { name: 'Credits' } },
  actions: { image: { credits: 1 } },
  packs: { starter: pack({ name: 'Starter', credits: 100, price: usd(10) }) },
  welcome: { credits: 50, name: 'Welcome gift' },
})`

let folder: string
const running: Dev[] = []

beforeAll(async () => {
  // Inside the package, so that the catalog finds `tallystick` as an app's would.
  folder = await mkdtemp(join(import.meta.dirname, '.app-'))
  await writeFile(join(folder, 'app.mjs'), app)
  await writeFile(join(folder, 'tallystick.config.ts'), config)
  await writeFile(join(folder, '.env.local'), 'MINE=1\n')
  // Ports that no other test looks for, so that between a kill and a start nobody takes them.
  const usual = 30_000 + (process.pid % 1_000) * 10
  const ports = await pickPorts(['dodo', 'server', 'app'].map((name) => ({ name, usual })))
  const data = join(folder, '.tallystick')
  await writeDevState(data, { ...(await readDevState(data, randomBytes)), ports: Object.fromEntries(ports) })
})
afterEach(async () => {
  for (const dev of running.splice(0)) await dev.end('SIGKILL')
})
afterAll(() => rm(folder, { recursive: true }))

interface Dev {
  readonly process: ChildProcess
  output(): string
  address(name: string): string
  end(signal: NodeJS.Signals): Promise<number | null>
}

function startDev(...args: readonly string[]): Dev {
  let output = ''
  const child = spawn(process.execPath, ['--conditions=source', main, 'dev', ...args], {
    cwd: folder,
    env: {
      ...process.env,
      TALLYSTICK_API_KEY: undefined,
      DATABASE_URL: 'postgres://somebody.else/app',
      HOST: '0.0.0.0',
      DODO_SANDBOX_HOST: '0.0.0.0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += String(text)
    })
  }
  const exited = once(child, 'close')
  const dev: Dev = {
    process: child,
    output: () => output,
    address: (name) => new RegExp(`^${name} (http://localhost:\\d+)$`, 'm').exec(output)?.[1] ?? '',
    async end(signal) {
      child.kill(signal)
      await exited
      return child.exitCode
    },
  }
  running.push(dev)
  return dev
}

async function untilReady(dev: Dev): Promise<void> {
  await vi.waitFor(() => expect(dev.output()).toMatch(/^dodo http/m), { timeout: 60_000, interval: 50 })
}

interface Told {
  readonly url: string
  readonly key: string
  readonly pid: number
}

async function askApp(dev: Dev): Promise<Told> {
  return (await (await fetch(dev.address('app'))).json()) as Told
}

async function welcomeBalance(url: string, key: string): Promise<unknown> {
  const response = await fetch(`${url}/v1/customers/ada/balance`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return response.json()
}

test('one command brings up server, local Dodo and app, which are told of each other, and one signal ends all', async () => {
  const dev = startDev('--run', 'app=node app.mjs')
  await untilReady(dev)
  expect(dev.output()).toMatch(
    /\nReady\.\napp http:\/\/localhost:\d+\nserver http:\/\/localhost:\d+\ndodo http:\/\/localhost:\d+\n$/,
  )
  const told = await askApp(dev)
  expect(told.url).toBe(dev.address('server'))
  expect(await welcomeBalance(told.url, told.key)).toMatchObject({ customer: 'ada', available: '50' })
  expect(await readFile(join(folder, '.env.local'), 'utf8')).toBe(
    `MINE=1\n\n# Written by tallystick dev.\nTALLYSTICK_URL=${told.url}\nTALLYSTICK_API_KEY=${told.key}\n`,
  )

  const second = startDev()
  await once(second.process, 'close')
  expect(second.process.exitCode).toBe(1)
  expect(second.output()).toContain(dev.address('server'))

  const { processes } = JSON.parse(await readFile(join(folder, '.tallystick/dev.json'), 'utf8')) as {
    processes: number[]
  }
  expect(await dev.end('SIGINT')).toBe(0)
  expect(await waitForEnd([...processes, told.pid], 0)).toEqual([])

  const third = startDev('--run', 'app=node app.mjs')
  await untilReady(third)
  expect(await askApp(third)).toMatchObject({ url: told.url, key: told.key })
})

test('what it keeps is its owner’s alone, and nobody beside this machine reaches what it runs', async () => {
  const data = join(folder, '.tallystick')
  await chmod(data, 0o755)
  await rm(join(data, 'studio'), { recursive: true })
  const dev = startDev('--run', 'app=node app.mjs')
  await untilReady(dev)
  const entries = await readdir(data, { withFileTypes: true })
  const modes = await Promise.all(
    entries.map(async (entry) => [entry.name, (await stat(join(data, entry.name))).mode & 0o077]),
  )
  for (const name of ['dodo.sqlite-wal', 'db', 'studio', 'logs']) expect(modes).toContainEqual([name, 0])
  expect(modes.filter(([name, others]) => others !== 0 && name !== '.gitignore')).toEqual([])
  expect((await stat(data)).mode & 0o777).toBe(0o700)
  for (const name of ['app', 'server', 'dodo']) {
    const { port } = new URL(dev.address(name))
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBeLessThan(500)
    // Whoever listens at every address listens at this one too.
    await expect(fetch(`http://127.0.0.2:${port}`)).rejects.toThrow('fetch failed')
  }
})

test('a catalog that is broken on save is told in full, and when the server cannot start for it, why', async () => {
  const dev = startDev()
  await untilReady(dev)
  await withBrokenCatalog(async () => {
    await vi.waitFor(() => expect(dev.output()).toContain('stays in use'), 10_000)
    expect(dev.output()).toMatch(
      /^\[server\] error: The catalog in tallystick\.config\.ts has one problem:\n\[server\] {3}actions\.image\.credits .*write.*\n\[server\] The catalog before it stays in use\.$/m,
    )
    await fetch(`${dev.address('server')}/dev/kill`, { method: 'POST' })
    await once(dev.process, 'close')
    expect(dev.process.exitCode).toBe(1)
    expect(dev.output()).toMatch(/\nserver ended \(status 1\): it died \d times without answering/)
    expectCatalogProblem(dev.output().slice(dev.output().indexOf('without answering')))
  })
})

test('a catalog that is broken at start is told with file, path and what to write', async () => {
  await withBrokenCatalog(async () => {
    const dev = startDev()
    await once(dev.process, 'close')
    expect(dev.process.exitCode).toBe(1)
    expectCatalogProblem(dev.output())
  })
})

function expectCatalogProblem(output: string): void {
  expect(output).toMatch(
    /The last lines of .*server\.log:\n {2}The catalog in tallystick\.config\.ts has one problem:\n {4}actions\.image\.credits .*write /,
  )
}

async function withBrokenCatalog(work: () => Promise<void>): Promise<void> {
  const file = join(folder, 'tallystick.config.ts')
  await writeFile(file, config.replace('credits: 1 ', 'credits: 0.5 '))
  try {
    await work()
  } finally {
    await writeFile(file, config)
  }
}

test('a folder that can no longer be written ends nothing that runs', async () => {
  const dev = startDev()
  await untilReady(dev)
  // Stands for a full disk: the draft of dev.json cannot be opened.
  const draft = join(folder, '.tallystick', `dev.json.${dev.process.pid}.tmp`)
  await mkdir(draft)
  await fetch(`${dev.address('server')}/dev/kill`, { method: 'POST' })
  await vi.waitFor(() => expect(dev.output()).toContain('server answers again'), 20_000)
  expect(dev.output()).toMatch(/warning: .*\.tallystick cannot be written: EISDIR/)
  expect(await dev.end('SIGINT')).toBe(0)
  await rm(draft, { recursive: true })
})

test('killed, it leaves nothing running, and starts again with the same addresses', async () => {
  const dev = startDev('--run', 'app=node app.mjs')
  await untilReady(dev)
  const told = await askApp(dev)
  const before = await welcomeBalance(told.url, told.key)
  await dev.end('SIGKILL')
  const again = startDev('--run', 'app=node app.mjs')
  await untilReady(again)
  expect(await waitForEnd([told.pid], 0)).toEqual([])
  expect(await askApp(again)).toMatchObject({ url: told.url, key: told.key })
  expect(await welcomeBalance(told.url, told.key)).toEqual(before)
})

test('without a catalog it says what to write', async () => {
  const dev = startDev('--config', join(tmpdir(), 'no-such.config.ts'))
  await once(dev.process, 'close')
  expect(dev.process.exitCode).toBe(1)
  expect(dev.output()).toMatch(/no-such\.config\.ts.*defineCatalog/s)
})
