import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningPostgres {
  /** Connects as the superuser `postgres` to the database `postgres`. */
  readonly url: string
  stop(): Promise<void>
  /** Takes the server away: after a checkpoint, without one, or by SIGKILL of all its processes. Its data stays. */
  halt(how: 'fast' | 'immediate' | 'kill'): Promise<void>
  /** Brings it back, at the same URL and with the same data. */
  start(): Promise<void>
}

export interface PostgresSettings {
  /** What the server's configuration says otherwise than that of the tests. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a temporary Postgres 18 with `fsync` on. It ends with `stop()`, and by itself when this process dies. */
export async function startPostgres({ settings = {} }: PostgresSettings = {}): Promise<RunningPostgres> {
  const program = fileURLToPath(new URL('keeper.ts', import.meta.url))
  const given = Object.entries(settings).map((setting) => setting.join('='))
  // Its own process group: Ctrl-C must reach the tests alone, whose end then ends the server in order.
  const keeper = spawn(process.execPath, [program, ...given], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(keeper, 'exit')
  keeper.stdin.on('error', () => {})
  const lines = createInterface({ input: keeper.stdout })
  const url = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    exited.then(() => undefined),
  ])
  if (url === undefined) throw new Error('Postgres did not start; its message stands above.')
  // The server must not keep alive a program that has otherwise ended.
  const letGo = (): void => {
    keeper.unref()
    for (const stream of [keeper.stdin, keeper.stdout])
      if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  const hold = (): void => {
    keeper.ref()
    if ('ref' in keeper.stdout && typeof keeper.stdout.ref === 'function') keeper.stdout.ref()
  }
  letGo()

  async function tell(command: string): Promise<void> {
    hold()
    keeper.stdin.write(`${command}\n`)
    const answer = await Promise.race([once(lines, 'line').then(String), exited.then(() => undefined)])
    letGo()
    if (answer !== command) throw new Error(`Postgres did not ${command}; its message stands above.`)
  }

  return {
    url,
    halt: (how) => tell(`halt ${how}`),
    start: () => tell('start'),
    async stop() {
      hold()
      keeper.stdin.end()
      await exited
    },
  }
}
