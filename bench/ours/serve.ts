/**
 * A server process, listening as `tallystick serve` does. With `canned` the very same stack authenticates, parses, validates and answers, but a
 * charge is not asked of the ledger: its answer is one that was made before.
 */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createServer, type Engine } from 'tallystick'
import { charge, customerName, grantToAll, openEngine } from './engine.ts'

export interface ServeOptions {
  readonly databaseUrl: string
  readonly apiKey: string
  readonly canned: boolean
}

/** What it says to its parent once it listens. */
export interface Listening {
  readonly port: number
}

// Whoever started this holds the other end of the channel: with it, this ends.
process.once('disconnect', () => process.exit())

const { databaseUrl, apiKey, canned } = JSON.parse(process.argv[2] ?? '') as ServeOptions
const engine = await openEngine({ url: databaseUrl })
await grantToAll(engine)
const answering = canned ? await withCannedCharge(engine) : engine
const server = createServer(answering, { apiKeys: [apiKey] })
const listener = createHttpServer(getRequestListener(server.fetch))
// As many callers may connect at once.
const backlog = 2048
listener.listen({ port: 0, host: '127.0.0.1', backlog })
await once(listener, 'listening')
const { port } = listener.address() as AddressInfo
process.send?.({ port } satisfies Listening)

async function withCannedCharge(real: Engine): Promise<Engine> {
  const done = await charge(real, customerName(0), () => crypto.randomUUID())
  return { ...real, charge: () => Promise.resolve(done) }
}
