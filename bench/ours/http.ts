import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CpuUse, cpuBetween, readCpu } from '../cpu.ts'
import { Histogram } from '../histogram.ts'
import type { HttpLoad, HttpProgress } from '../load-http.ts'
import type { BenchPostgres } from '../postgres.ts'
import type { Sample, Way } from '../way.ts'
import type { Listening, ServeOptions } from './serve.ts'

const apiKey = 'tsk_test_benchmark'

/** A server process before a database of its own, and its callers in another process. */
export async function openHttp(
  postgres: BenchPostgres,
  { name, canned }: { readonly name: string; readonly canned: boolean },
): Promise<Way> {
  const databaseUrl = await postgres.createDatabase(name)
  const options: ServeOptions = { databaseUrl, apiKey, canned }
  const server = start('serve.ts', [JSON.stringify(options)])
  const { port } = await heardFrom<Listening>(server)
  const callers = start('../load-http.ts', [])
  return {
    databaseUrl,
    measure: async (load, keys) => {
      callers.send({ port, apiKey, load, keys } satisfies HttpLoad)
      return collect(callers, () =>
        readCpu({ postmaster: postgres.postmaster, server: server.pid, callers: callers.pid }),
      )
    },
    close: async () => {
      await Promise.all([end(callers), end(server)])
    },
  }
}

function start(file: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

/** The first thing that a child says. */
async function heardFrom<Message>(child: ChildProcess): Promise<Message> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`A process of the benchmark ended (${code}) before it was ready.`)
  })
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [Message]
  return message
}

async function collect(callers: ChildProcess, cpuNow: () => CpuUse): Promise<Sample> {
  const { promise, resolve, reject } = Promise.withResolvers<Sample>()
  let before = cpuNow()
  let after = before
  function onProgress(progress: HttpProgress): void {
    switch (progress.kind) {
      case 'began':
        before = cpuNow()
        break
      case 'ended':
        after = cpuNow()
        break
      case 'counted': {
        const { kind: _, counts, ...counted } = progress
        resolve({ ...counted, latencies: new Histogram(counts), cpu: cpuBetween(before, after) })
        break
      }
      case 'failed':
        reject(new Error(progress.message))
    }
  }
  const onExit = () => reject(new Error('The callers ended before they had counted.'))
  callers.on('message', onProgress)
  callers.once('exit', onExit)
  try {
    return await promise
  } finally {
    callers.off('message', onProgress)
    callers.off('exit', onExit)
  }
}
