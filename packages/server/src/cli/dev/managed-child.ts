import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChildLog } from './child-log.ts'
import { readable } from './log-line.ts'
import { afterDeath, type Death } from './restart-policy.ts'

export interface ChildPlan {
  readonly name: string
  readonly kind: 'service' | 'command'
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Any HTTP answer here means that it is up. */
  readonly probeUrl: string
}

export interface ChildSurroundings {
  readonly log: ChildLog
  /** A line for the person at the terminal. */
  readonly report: (line: string) => void
  /** Called once, when the child is not started again. */
  readonly onGivenUp: (error: Error) => void
  /** Called for each process that it starts. */
  readonly onSpawn: (pid: number) => void
  /** What it relies on: an end before that is up says nothing, and it is started again afterwards. */
  readonly needs?: Promise<unknown>
  readonly readyTimeoutMs?: number
  readonly stopTimeoutMs?: number
}

const windows = process.platform === 'win32'
const readyTimeoutMsDefault = 60_000
const stopTimeoutMsDefault = 10_000
const probeEveryMs = 100
const probeTimeoutMs = 2_000
const lastWordsMs = 500

/** One child of the supervisor: started, waited for, started again when it dies, and stopped with all that it started. */
export class ManagedChild {
  readonly plan: ChildPlan
  readonly #surroundings: ChildSurroundings
  readonly #stop = new AbortController()
  readonly #ready = Promise.withResolvers<void>()
  readonly #deaths: Death[] = []
  #process: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #hasEverAnswered = false
  #needsAreUp: boolean

  constructor(plan: ChildPlan, surroundings: ChildSurroundings) {
    this.plan = plan
    this.#surroundings = surroundings
    this.#needsAreUp = surroundings.needs === undefined
    surroundings.needs?.then(
      () => {
        this.#needsAreUp = true
      },
      () => {},
    )
    // Whoever does not wait for readiness learns of a failure by onGivenUp.
    this.#ready.promise.catch(() => {})
  }

  /** Settles when it answers for the first time, or never will. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  start(): void {
    const began = performance.now()
    this.#surroundings.log.begin()
    const child = spawn(this.plan.command, this.plan.args, {
      env: this.plan.env,
      // The pipe at its standard input is how it learns that this process is gone (parent-guard.ts).
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches the supervisor alone, which then stops the children in order.
      detached: !windows,
    })
    this.#process = child
    const life = new AbortController()
    const ended = Promise.withResolvers<void>()
    this.#ended = ended.promise
    let answered = false

    child.stdin.on('error', () => {})
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text) => this.#surroundings.log.write(name, String(text)))
    }
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      this.#surroundings.log.flush()
      this.#process = undefined
      ended.resolve()
      if (this.#stop.signal.aborted) return
      const atMs = performance.now()
      this.#afterDeath({ atMs, livedMs: atMs - began, answered, ...deathOf(code, signal) })
    }
    child.once('exit', (code, signal) => {
      life.abort()
      this.#killGroup('SIGKILL')
      // Its last words may still be in the pipes, which somebody who left the group may hold open for ever.
      const cut = setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, lastWordsMs)
      child.once('close', () => {
        clearTimeout(cut)
        end(code, signal)
      })
    })
    child.once('error', (error) => {
      this.#surroundings.log.write('stderr', `${error.message}\n`)
      // An error without a pid: it never ran, and there will be no exit.
      if (child.pid !== undefined) return
      life.abort()
      end(127, null)
    })
    if (child.pid !== undefined) this.#surroundings.onSpawn(child.pid)

    void this.#waitForAnswer(AbortSignal.any([life.signal, this.#stop.signal])).then((outcome) => {
      if (outcome === 'gone') return
      if (outcome === 'timeout') return this.#onSilence()
      answered = true
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      const again = this.#hasEverAnswered ? ' again' : ''
      this.#hasEverAnswered = true
      this.#surroundings.report(`${this.plan.name} answers${again} (${seconds} s)`)
      this.#ready.resolve()
    })
  }

  /** Ends it: SIGTERM to all of its group, SIGKILL to what is left after a while. Never fails. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#ready.reject(new Error(`${this.plan.name} was stopped.`))
    if (this.#process === undefined) return
    const ended = this.#ended
    this.#killGroup('SIGTERM')
    const timeoutMs = this.#surroundings.stopTimeoutMs ?? stopTimeoutMsDefault
    const patience = new AbortController()
    const late = delay(timeoutMs, 'late', { signal: patience.signal }).catch(() => 'ended')
    if ((await Promise.race([ended, late])) === 'late') {
      this.#surroundings.report(`${this.plan.name} did not end within ${timeoutMs / 1000} s; it is killed.`)
      this.#killGroup('SIGKILL')
      await ended
    }
    patience.abort()
  }

  /** Ends it without waiting for anything. */
  kill(): void {
    this.#stop.abort()
    this.#killGroup('SIGKILL')
  }

  #killGroup(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid
    if (pid === undefined) return
    try {
      if (windows) this.#process?.kill(signal)
      else process.kill(-pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }

  #afterDeath(death: Death): void {
    const { name, kind } = this.plan
    if (!this.#needsAreUp) {
      this.#surroundings.needs?.then(
        () => this.#startUnlessStopped(),
        () => {},
      )
      return
    }
    this.#deaths.push(death)
    const verdict = afterDeath({ deaths: this.#deaths, hasEverAnswered: this.#hasEverAnswered, kind })
    const how = death.signal ?? `status ${death.code}`
    switch (verdict.kind) {
      case 'finished':
        this.#surroundings.report(`${name} has finished.`)
        this.#ready.resolve()
        return
      case 'restart': {
        const when =
          verdict.afterMs === 0 ? 'starting it again' : `starting it again in ${verdict.afterMs} ms`
        this.#surroundings.report(`${name} ended (${how}); ${when}.`)
        void delay(verdict.afterMs, undefined, { signal: this.#stop.signal }).then(
          () => this.#startUnlessStopped(),
          () => {},
        )
        return
      }
      case 'give-up':
        this.#giveUp(`${name} ended (${how}): ${verdict.why}.`)
    }
  }

  #startUnlessStopped(): void {
    if (!this.#stop.signal.aborted) this.start()
  }

  #onSilence(): void {
    const message = `${this.plan.name} did not answer at ${this.plan.probeUrl} within ${this.#readyTimeoutMs / 1000} s.`
    if (this.#hasEverAnswered) this.#surroundings.report(`${message} Look at ${this.#surroundings.log.path}.`)
    else this.#giveUp(message)
  }

  #giveUp(message: string): void {
    const { path, tail } = this.#surroundings.log
    const lines = tail.flatMap((line) => readable(line).split('\n')).map((line) => `  ${line}`)
    const shown = lines.length === 0 ? ['  (it printed nothing)'] : lines
    const error = new Error([message, `The last lines of ${path}:`, ...shown].join('\n'))
    this.#ready.reject(error)
    this.#surroundings.onGivenUp(error)
  }

  get #readyTimeoutMs(): number {
    return this.#surroundings.readyTimeoutMs ?? readyTimeoutMsDefault
  }

  async #waitForAnswer(gone: AbortSignal): Promise<'answered' | 'gone' | 'timeout'> {
    const deadline = performance.now() + this.#readyTimeoutMs
    while (performance.now() < deadline) {
      try {
        const response = await fetch(this.plan.probeUrl, {
          redirect: 'manual',
          signal: AbortSignal.any([gone, AbortSignal.timeout(probeTimeoutMs)]),
        })
        await response.body?.cancel()
        return 'answered'
      } catch {
        if (gone.aborted) return 'gone'
      }
      await delay(probeEveryMs, undefined, { signal: gone }).catch(() => {})
    }
    return gone.aborted ? 'gone' : 'timeout'
  }
}

/** A shell says with a status above 128 that its command died by a signal. */
function deathOf(code: number | null, signal: NodeJS.Signals | null): Pick<Death, 'code' | 'signal'> {
  if (code === null || code <= 128) return { code, signal }
  const [name] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? []
  return name === undefined ? { code, signal } : { code: null, signal: name as NodeJS.Signals }
}
