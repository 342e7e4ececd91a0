/**
 * One Postgres for the whole test run, started when the first test file asks for it. Test files run in processes of their own:
 * they ask over a local socket, whose port they are given here.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type RunningPostgres, startPostgres } from './start-postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A connection to this local port is answered with the URL of the run's Postgres, and closed. */
    postgresPort: number
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let running: Promise<RunningPostgres> | undefined
  const broker = createServer((socket) => {
    socket.on('error', () => {})
    running ??= startPostgres()
    running.then(
      ({ url }) => socket.end(`${url}\n`),
      () => socket.destroy(),
    )
  })
  broker.listen(0, '127.0.0.1')
  await once(broker, 'listening')
  broker.unref()
  const address = broker.address()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  project.provide('postgresPort', address.port)

  return async () => {
    broker.close()
    const postgres = await running?.catch(() => undefined)
    await postgres?.stop()
  }
}
