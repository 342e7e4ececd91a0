/** boot.mjs between npm and a long-running script: whichever way it is told to end, nothing is left. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { waitForEnd } from '../packages/server/src/cli/dev/processes.ts'

const root = join(import.meta.dirname, '..')

const bundledNode = `node-${process.platform}-${process.arch}`

/** Stands for the supervisor: it ends in order, and says how it was told. */
const script = `
import { appendFileSync } from 'node:fs'
const note = (line) => appendFileSync('notes', line + '\\n')
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
  note(signal)
  process.exitCode = 7
  clearInterval(timer)
})
const timer = setInterval(() => {}, 60_000)
note('started ' + process.pid)
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-boot-'))
  mkdirSync(join(folder, 'tools'))
  mkdirSync(join(folder, 'node_modules'))
  cpSync(join(root, 'boot.mjs'), join(folder, 'boot.mjs'))
  symlinkSync(join(root, 'node_modules', bundledNode), join(folder, 'node_modules', bundledNode))
  writeFileSync(join(folder, 'tools/start.ts'), script)
  writeFileSync(join(folder, 'package-lock.json'), '{}')
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}')
  writeFileSync(join(folder, 'package.json'), '{"type":"module","scripts":{"start":"node boot.mjs start"}}')
})
afterEach(() => rmSync(folder, { recursive: true }))

function noted(): string[] {
  return readFileSync(join(folder, 'notes'), 'utf8').trim().split('\n')
}

async function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { cwd: folder, stdio: 'ignore', detached: true })
  const exited = once(child, 'exit')
  await vi.waitFor(() => expect(noted()[0]).toMatch(/^started/), 20_000)
  return { pid: child.pid ?? 0, exited, scriptPid: Number(noted()[0]?.split(' ')[1]) }
}

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s is passed on, and its status comes back',
  async (signal) => {
    const { pid, exited, scriptPid } = await start(process.execPath, ['boot.mjs', 'start'])
    process.kill(pid, signal)
    expect(await exited).toEqual([7, null])
    expect(noted()).toEqual([`started ${scriptPid}`, signal])
  },
)

test.each(['SIGTERM', 'SIGKILL'] as const)('npm ended by %s takes the script along', async (signal) => {
  const { pid, scriptPid } = await start('npm', ['start'])
  process.kill(pid, signal)
  expect(await waitForEnd([scriptPid])).toEqual([])
  expect(noted()).toContain('SIGTERM')
})

test('Ctrl-C, told to the whole group at once, ends the script in order', async () => {
  const { pid, scriptPid } = await start('npm', ['start'])
  process.kill(-pid, 'SIGINT')
  expect(await waitForEnd([scriptPid])).toEqual([])
  expect(noted()).toContain('SIGINT')
})
