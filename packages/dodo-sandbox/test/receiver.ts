import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedWebhook {
  headers: Record<string, string>
  body: string
}

export interface WebhookReceiver {
  url: string
  port: number
  received: ReceivedWebhook[]
  /** What the next requests are answered with. */
  status: number
  /** Set, it holds every answer back until it resolves. */
  hold: Promise<void> | undefined
  /** Resolves once so many webhooks have come in. */
  waitFor(count: number): Promise<void>
  close(): Promise<void>
}

/** A shop's webhook route that keeps what it is sent, byte for byte. */
export async function startReceiver(port = 0): Promise<WebhookReceiver> {
  const waiting: { count: number; resolve: () => void }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      receiver.received.push({
        headers: plain(request.headers),
        body: Buffer.concat(chunks).toString('utf8'),
      })
      for (const waiter of waiting) if (receiver.received.length >= waiter.count) waiter.resolve()
      const { status } = receiver
      const answer = () =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"seen":true}')
      if (receiver.hold) receiver.hold.then(answer, answer)
      else answer()
    })
  })
  // Else it hangs up after a few idle seconds, which may be just when the sandbox sends again on the same connection.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${bound}/webhooks/dodo`,
    port: bound,
    received: [],
    status: 200,
    hold: undefined,
    waitFor(count) {
      if (receiver.received.length >= count) return Promise.resolve()
      return new Promise((resolve) => waiting.push({ count, resolve }))
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
