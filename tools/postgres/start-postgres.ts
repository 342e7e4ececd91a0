import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningPostgres {
  /** Connects as the superuser `postgres` to the database `postgres`. */
  readonly url: string
  stop(): Promise<void>
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
  lines.close()
  if (url === undefined) throw new Error('Postgres did not start; its message stands above.')
  // The server must not keep alive a program that has otherwise ended.
  keeper.unref()
  for (const stream of [keeper.stdin, keeper.stdout])
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()

  return {
    url,
    async stop() {
      keeper.ref()
      keeper.stdin.end()
      await exited
    },
  }
}
