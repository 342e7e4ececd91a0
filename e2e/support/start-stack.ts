import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Everything that `npm start` brings up, as an outsider has it: by address and key. */
export interface Stack {
  /** Addresses without a slash at the end. After a restart they are the same, unless somebody took the port meanwhile. */
  readonly studio: string
  readonly server: string
  readonly dodo: string
  readonly apiKey: string
  /** The folder that keeps everything. */
  readonly data: string
  /** What the terminal shows until now. */
  output(): string
  /** Ends the supervisor, in order or not (SIGKILL), and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>
  /** Brings it up again on the same folder. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

const root = fileURLToPath(new URL('../../', import.meta.url))
// The first start makes the database and builds the studio's pages, on a machine that may be busy.
const readyTimeoutMs = 120_000

/** Starts server, local Dodo and studio on free ports and a new folder. */
export async function startStack(): Promise<Stack> {
  const data = await mkdtemp(join(tmpdir(), 'tallystick-e2e-'))
  let addresses = { studio: '', server: '', dodo: '' }
  let apiKey = ''
  let output = ''
  let endRunning: ((signal: NodeJS.Signals) => Promise<void>) | undefined

  const stack: Stack = {
    get studio() {
      return addresses.studio
    },
    get server() {
      return addresses.server
    },
    get dodo() {
      return addresses.dodo
    },
    get apiKey() {
      return apiKey
    },
    data,
    output: () => output,
    async end(signal = 'SIGTERM') {
      await endRunning?.(signal)
    },
    async start() {
      output = ''
      const args = ['--conditions=source', 'tools/start.ts', '--data', data, '--no-open']
      const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = once(child, 'close')
      endRunning = async (signal) => {
        child.kill(signal)
        await ended
      }
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += String(text)
        })
      }
      const deadline = performance.now() + readyTimeoutMs
      for (;;) {
        const found = /^Ready\.\nstudio (\S+)\nserver (\S+)\ndodo (\S+)$/m.exec(output)
        if (found !== null) {
          const [, studio = '', server = '', dodo = ''] = found
          addresses = { studio, server, dodo }
          break
        }
        if (child.exitCode !== null || performance.now() > deadline) {
          child.kill('SIGKILL')
          throw new Error(`npm start did not come up:\n${output}`)
        }
        await delay(50)
      }
      const state = JSON.parse(await readFile(join(data, 'dev.json'), 'utf8')) as { api_key: string }
      apiKey = state.api_key
    },
    async remove() {
      await stack.end()
      await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
  await stack.start()
  return stack
}
