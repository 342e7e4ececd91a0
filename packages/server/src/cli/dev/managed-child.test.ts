import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ChildLog } from './child-log.ts'
import { type ChildPlan, type ChildSurroundings, ManagedChild } from './managed-child.ts'
import { pickPorts } from './ports.ts'
import { isAlive, waitForEnd } from './processes.ts'

const program = join(import.meta.dirname, '__fixtures__/child.ts')
const guard = join(import.meta.dirname, 'parent-guard.ts')
const runner = join(import.meta.dirname, 'run-guarded.ts')

let folder: string
let notes: string
let reported: string[]
const children: ManagedChild[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-child-'))
  notes = join(folder, 'notes')
  reported = []
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill()
  rmSync(folder, { recursive: true })
})

async function manage(
  does: string,
  options: { guarded?: boolean; plan?: Partial<ChildPlan> } & Partial<ChildSurroundings> = {},
): Promise<{ child: ManagedChild; url: string; givenUp: Promise<Error> }> {
  const ports = await pickPorts([{ name: does, usual: 20_000 + (process.pid % 10_000) }])
  const port = String(ports.get(does))
  const url = `http://localhost:${port}`
  const givenUp = Promise.withResolvers<Error>()
  const { guarded = true, plan, ...surroundings } = options
  const child = new ManagedChild(
    {
      name: does,
      kind: 'service',
      command: process.execPath,
      args: [...(guarded ? [`--import=${guard}`] : []), program, does, notes],
      env: { ...process.env, PORT: port },
      probeUrl: url,
      ...plan,
    },
    {
      log: new ChildLog(join(folder, `${does}.log`), () => {}),
      report: (line) => reported.push(line),
      onGivenUp: givenUp.resolve,
      onSpawn: () => {},
      ...surroundings,
    },
  )
  children.push(child)
  return { child, url, givenUp: givenUp.promise }
}

function noted(): string[] {
  return readFileSync(notes, 'utf8').trim().split('\n')
}

describe('a child', () => {
  test('is ready when it answers, and ends in order', async () => {
    const { child, url } = await manage('answers')
    child.start()
    await child.ready
    const pid = Number(await (await fetch(url)).text())
    expect(pid).toBe(child.pid)
    await child.stop()
    expect(await waitForEnd([pid])).toEqual([])
    expect(noted()).toEqual([`started ${pid}`, 'SIGTERM answers'])
  })

  test('that was killed is started again at once, and answers again', async () => {
    const { child, url } = await manage('answers')
    child.start()
    await child.ready
    const before = child.pid
    await fetch(`${url}/die`).catch(() => {})
    await vi.waitFor(() => expect(reported.join()).toContain('answers again'), 20_000)
    expect(child.pid).not.toBe(before)
    expect(reported[1]).toBe('answers ended (SIGKILL); starting it again.')
  })

  test('that ends before it ever answered is given up, with its last words', async () => {
    const { child, givenUp } = await manage('dies-at-once')
    child.start()
    await expect(child.ready).rejects.toThrow(/before it answered/)
    expect((await givenUp).message).toMatch(
      /dies-at-once\.log:\n {2}Error: the file tallystick\.config\.ts is wrong/,
    )
  })

  test('that cannot be started is given up', async () => {
    const { child } = await manage('answers', { plan: { command: join(folder, 'no-such-program') } })
    child.start()
    await expect(child.ready).rejects.toThrow(/ENOENT/)
  })

  test('that never answers is given up when its time is over, with where to look', async () => {
    const { child, givenUp } = await manage('never-answers', { readyTimeoutMs: 300 })
    child.start()
    expect((await givenUp).message).toMatch(
      /did not answer at http:\/\/localhost:\d+ within 0\.3 s.\nThe last lines of /,
    )
  })

  test('that ends before what it needs is up is started again then', async () => {
    const needs = Promise.withResolvers<void>()
    const { child, givenUp } = await manage('dies-at-once', { needs: needs.promise })
    child.start()
    const first = child.pid
    await vi.waitFor(() => expect(child.pid).toBeUndefined(), 20_000)
    expect(first).toBeDefined()
    needs.resolve()
    // Now the end counts.
    expect((await givenUp).message).toContain('before it answered')
  })

  test('that does not hear SIGTERM is killed', async () => {
    const { child } = await manage('ignores-sigterm', { stopTimeoutMs: 200 })
    child.start()
    await child.ready
    const pid = child.pid ?? 0
    await child.stop()
    expect(await waitForEnd([pid])).toEqual([])
    expect(noted()).toContain('SIGTERM ignores-sigterm')
  })

  test('takes along what it started', async () => {
    const { child } = await manage('has-a-child')
    child.start()
    await child.ready
    const grandchild = Number(/grandchild (\d+)/.exec(readFileSync(notes, 'utf8'))?.[1])
    await child.stop()
    expect(await waitForEnd([grandchild])).toEqual([])
  })

  test('has ended when it ended, though somebody who left its group still talks into its log', async () => {
    const log = new ChildLog(join(folder, 'talk.log'), () => {})
    const { child } = await manage('leaves-a-talker', { log })
    child.start()
    await child.ready
    const talker = Number(/grandchild (\d+)/.exec(readFileSync(notes, 'utf8'))?.[1])
    await vi.waitFor(() => expect(log.tail).toContain('talk'), 20_000)
    await child.stop()
    log.close()
    const before = readFileSync(log.path, 'utf8')
    await delay(100)
    expect(readFileSync(log.path, 'utf8')).toBe(before)
    if (isAlive(talker)) process.kill(talker, 'SIGKILL')
  })

  test('a command that has done its work is not started again', async () => {
    const { child } = await manage('finishes', { plan: { kind: 'command' } })
    child.start()
    await child.ready
    expect(reported).toEqual(['finishes has finished.'])
  })
})

/** A supervisor of one child, which it starts as `dev` does; killed, it can tell nobody. */
async function killSupervisorOf(args: readonly string[]): Promise<void> {
  const supervisor = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { spawn } from 'node:child_process'
      spawn(process.execPath, ${JSON.stringify(args)}, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
      setInterval(() => {}, 60_000)`,
    ],
    { stdio: 'ignore', env: { ...process.env, PORT: '0' } },
  )
  await vi.waitFor(() => expect(noted().join()).toContain('started'), 20_000)
  supervisor.kill('SIGKILL')
  await once(supervisor, 'exit')
}

function startedPids(): number[] {
  return noted().flatMap((line) => {
    const [, pid] = /^(?:started|grandchild) (\d+)$/.exec(line) ?? []
    return pid === undefined ? [] : [Number(pid)]
  })
}

describe('when the supervisor is gone without a word', () => {
  test('a guarded program ends in order', async () => {
    await killSupervisorOf([`--import=${guard}`, program, 'answers', notes])
    expect(await waitForEnd(startedPids())).toEqual([])
    expect(noted()).toContain('SIGTERM answers')
  })

  test('a command of --run ends with all that it started', async () => {
    const command = `"${process.execPath}" "${program}" has-a-child "${notes}" & wait`
    await killSupervisorOf([runner, command])
    expect(startedPids()).toHaveLength(2)
    expect(await waitForEnd(startedPids())).toEqual([])
  })
})
