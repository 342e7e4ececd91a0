import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Stack {
  readonly studio: string
  readonly server: string
  readonly dodo: string
  /** The server's API with its secret key, as the studio's own server uses it. */
  api<Answer = Record<string, unknown>>(method: string, path: string, body?: object): Promise<Answer>
  stop(): Promise<void>
}

const names = ['studio', 'server', 'dodo'] as const

/** What `npm start` brings up, in a folder of its own, on free ports. */
export async function startStack(): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-e2e-'))
  const script = fileURLToPath(new URL('../../tools/start.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=source', script, '--data', folder, '--no-open'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const addresses = await readAddresses(child)
  const { api_key: apiKey } = JSON.parse(await readFile(join(folder, 'dev.json'), 'utf8')) as {
    api_key: string
  }
  const [studio, server, dodo] = names.map((name) => addresses.get(name) ?? '') as [string, string, string]
  return {
    studio,
    server,
    dodo,
    api: async <Answer>(method: string, path: string, body?: object) => {
      const response = await fetch(`${server}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': crypto.randomUUID(),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as Answer
    },
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The lines after `Ready.`, one an address. */
function readAddresses(child: ChildProcess): Promise<Map<string, string>> {
  const { promise, resolve, reject } = Promise.withResolvers<Map<string, string>>()
  const addresses = new Map<string, string>()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`
      const [name = '', url = ''] = line.split(' ')
      if (url.startsWith('http://') && names.some((known) => known === name)) addresses.set(name, url)
      if (addresses.size === names.length) resolve(addresses)
    })
  }
  child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)))
  return promise
}
