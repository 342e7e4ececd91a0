/**
 * The callers of an HTTP server, in a process of their own: each keeps a connection and charges over it again and again. Raw sockets and a reader of
 * just what our server answers, so that the callers take little of the processors from what is measured.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { type KeyKind, keyMaker } from './keys.ts'
import { closedLoop, type Load } from './measure.ts'
import { customerName } from './ours/engine.ts'
import { chargedCredits, drawWallet } from './way.ts'

/** What the parent asks for. */
export interface HttpLoad {
  readonly port: number
  readonly apiKey: string
  readonly load: Load
  readonly keys: KeyKind
}

/** What the parent is told: when to look at the processors' time, and at last what was counted. */
export type HttpProgress =
  | { readonly kind: 'began' | 'ended' }
  | {
      readonly kind: 'counted'
      readonly operations: number
      readonly elapsedMs: number
      readonly operationsInAll: number
      readonly counts: readonly number[]
    }
  | { readonly kind: 'failed'; readonly message: string }

function tell(progress: HttpProgress): void {
  process.send?.(progress)
}

process.once('disconnect', () => process.exit())
process.on('message', (asked: HttpLoad) => {
  run(asked).catch((error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  })
})

async function run({ port, apiKey, load, keys }: HttpLoad): Promise<void> {
  const connections = await Promise.all(Array.from({ length: load.callers }, () => openConnection(port)))
  const newKey = keyMaker(keys)
  const bodies = Array.from({ length: load.wallets }, (_, wallet) =>
    JSON.stringify({ customer: customerName(wallet), credits: chargedCredits.toString() }),
  )
  const fixed = `POST /v1/charges HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`
  try {
    const { latencies, ...counted } = await closedLoop(
      load,
      (caller) => {
        const body = bodies[drawWallet(load.wallets)] ?? ''
        const request = `${fixed}Idempotency-Key: ${newKey()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
        return connections[caller]?.send(request) ?? Promise.reject(new Error('There is no such caller.'))
      },
      { onBegan: () => tell({ kind: 'began' }), onEnded: () => tell({ kind: 'ended' }) },
    )
    tell({ kind: 'counted', ...counted, counts: latencies.counts })
  } finally {
    for (const connection of connections) connection.end()
  }
}

interface Connection {
  /** Sends a request, and resolves when its whole answer has come. */
  send(request: string): Promise<void>
  end(): void
}

async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  let waiting: PromiseWithResolvers<void> | undefined
  let received = ''

  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
    const length = answerLength(received)
    if (length === undefined || received.length < length) return
    const answer = received
    received = ''
    if (answer.startsWith('HTTP/1.1 200 ')) waiting?.resolve()
    else waiting?.reject(new Error(`The server answered:\n${answer}`))
  })
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(new Error('The server closed a connection.')))
  return {
    send: (request) => {
      waiting = Promise.withResolvers<void>()
      socket.write(request, 'latin1')
      return waiting.promise
    },
    end: () => socket.destroy(),
  }
}

/** How long the answer is with its head, once its head has come. */
function answerLength(received: string): number | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1]
  if (length === undefined) throw new Error(`An answer without its length:\n${received}`)
  return headEnd + 4 + Number(length)
}
