import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

export interface StepResult {
  readonly status: number
  readonly output: string
  readonly durationMs: number
}

const windows = process.platform === 'win32'
let current: ChildProcess | undefined

/** A step that hangs must end some day, and say so; the longest one takes a few minutes. */
const stepTimeoutMs = 20 * 60_000

// A step has a process group of its own, so that ending it ends what it started; hence Ctrl-C is passed on from here.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endGroup(signal)
    process.exit(128 + constants.signals[signal])
  })
}

function endGroup(signal: NodeJS.Signals): void {
  if (current?.pid === undefined) return
  if (windows) current.kill(signal)
  else process.kill(-current.pid, signal)
}

/** Runs a program of node_modules/.bin (or any other), in the repository's folder unless told, and keeps what it prints. */
export async function runStep(
  command: string,
  args: readonly string[],
  cwd = root,
  environment: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const began = performance.now()
  const chunks: string[] = []
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
    shell: windows,
    // Colours survive the pipe where the reader is a terminal, and stay out of a log.
    env: {
      ...process.env,
      ...environment,
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1', FORCE_COLOR: undefined }),
    },
  })
  current = child
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => chunks.push(String(text)))
  }
  const timer = setTimeout(() => {
    chunks.push(`\nStopped: it did not end within ${stepTimeoutMs / 60_000} minutes.\n`)
    endGroup('SIGKILL')
  }, stepTimeoutMs)
  const status = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      chunks.push(`${command} could not be started: ${error.message}\n`)
      resolve(127)
    })
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
  clearTimeout(timer)
  current = undefined
  return { status, output: chunks.join(''), durationMs: performance.now() - began }
}
