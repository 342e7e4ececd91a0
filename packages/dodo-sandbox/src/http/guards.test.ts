import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openShop } from '../../test/shop.ts'

/** As a browser asks that was led here by another name. */
async function ask(url: string, path: string, host: string): Promise<{ status: number; body: string }> {
  const asked = request(new URL(path, url), { headers: { host } }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 0, body: await text(answer) }
}

test.each(['/', '/_sandbox/deliveries', '/_sandbox/deliveries/x'])(
  'under a name that is not this machine’s, %s says nothing',
  async (path) => {
    const { dodo } = await openShop({ webhooks: [{ url: 'http://localhost:9/hook' }] })
    for (const host of ['evil.example', `evil.example:${dodo.port}`, 'localhost.evil.example']) {
      const { status, body } = await ask(dodo.url, path, host)
      expect([host, status]).toEqual([host, 403])
      expect(body).toContain('This page answers at localhost')
      expect(body).not.toContain(dodo.webhookSecret)
    }
    for (const host of ['localhost', `127.0.0.1:${dodo.port}`, `[::1]:${dodo.port}`])
      expect((await ask(dodo.url, path, host)).status).not.toBe(403)
  },
)

test('the name of the checkout pages and the address listened on are its own too', async () => {
  const { dodo } = await openShop({ host: '0.0.0.0', checkoutOrigin: 'https://pay.example:8443' })
  expect((await ask(dodo.url, '/', 'pay.example:8443')).status).toBe(200)
  expect((await ask(dodo.url, '/', '0.0.0.0')).status).toBe(200)
  expect((await ask(dodo.url, '/', 'evil.example')).status).toBe(403)
})

test('the API asks for its key under every name', async () => {
  const { dodo } = await openShop()
  expect((await ask(dodo.url, '/payments', 'dodo.internal')).status).toBe(401)
})
