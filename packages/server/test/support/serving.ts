import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const apiKey = `tsk_test_${'0'.repeat(32)}`

export interface Serving {
  readonly url: string
  /** POST with the key of its own that each call needs, unless given. */
  post(
    path: string,
    body: object,
    idempotencyKey?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  get(path: string): Promise<Record<string, unknown>>
  isRunning(): boolean
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** A server process of its own: `tallystick serve`, on a port of its choice. */
export async function serve(environment: Record<string, string>): Promise<Serving> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, ['--conditions=source', main, 'serve'], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      TALLYSTICK_CONFIG: join(import.meta.dirname, '../../../../apps/studio/tallystick.config.ts'),
      TALLYSTICK_API_KEY: apiKey,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await firstUrl(child)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  return {
    url,
    post: async (path, body, idempotencyKey = crypto.randomUUID()) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': idempotencyKey },
        body: JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    get: async (path) => {
      const response = await fetch(`${url}${path}`, { headers })
      return (await response.json()) as Record<string, unknown>
    },
    isRunning,
    kill: async (signal) => {
      if (!isRunning()) return
      child.kill(signal)
      await once(child, 'exit')
    },
  }
}

/** The address in the line of the log that says that the server listens. */
async function firstUrl(child: ReturnType<typeof spawn>): Promise<string> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('The server has no output.')
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  for (const stream of [stdout, stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`
      const found = /"url":"([^"]+)"/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
  }
  child.once('exit', () => reject(new Error(`The server ended before it listened:\n${output}`)))
  return promise
}
