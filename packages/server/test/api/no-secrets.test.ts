/** The whole purchase path, what goes wrong on it included: nothing that is logged or answered has a secret in it. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { expect, onTestFinished, test } from 'vitest'
import { migratedSnapshot } from '../../src/database/migrated-snapshot.ts'
import { createEngine } from '../../src/engine.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createServer, type Server } from '../../src/server.ts'
import { apiKey, catalog, newCustomer } from '../support/api.ts'
import { declinedCard, newSecret, payInBrowser, signMessage } from '../support/shop.ts'

test('no key, no webhook secret and no Authorization header is in a log line or an answer', async () => {
  let server: Server | undefined
  const http = createHttpServer((request, response) => void server?.nodeHandler(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const [secret, oldSecret] = [newSecret(), newSecret()]
  const dodoKey = 'dodo_test_of_the_secrets_test'
  const dodo = await startDodoSandbox({
    apiKey: dodoKey,
    webhooks: [{ url: `${url}/v1/webhooks/dodo`, secret }],
    retryScheduleMs: [0, 20, 20],
  })
  const written: string[] = []
  const destination = { write: (line: string) => void written.push(line) }
  const log = createLogger({ level: 'debug', destination })
  const engineWith = async (fields: { apiKey: string }, trouble: () => 'none' | 'down' | 'cut') => {
    const troubled: typeof fetch = async (input, init) => {
      if (trouble() === 'down') throw new TypeError(`fetch failed for ${new Request(input, init).url}`)
      const response = await fetch(input, init)
      if (trouble() === 'cut') throw new TypeError('the connection was cut')
      return response
    }
    return createEngine({
      catalog,
      database: { dataDir: undefined, snapshot: await migratedSnapshot() },
      log,
      provider: {
        dodo: {
          webhookSecrets: [secret, oldSecret],
          target: { baseUrl: dodo.url },
          fetch: troubled,
          ...fields,
        },
      },
    })
  }
  let trouble: 'none' | 'down' | 'cut' = 'none'
  const engine = await engineWith({ apiKey: dodoKey }, () => trouble)
  const locked = await engineWith({ apiKey: 'dodo_test_not_the_key' }, () => 'none')
  onTestFinished(async () => {
    http.close()
    http.closeAllConnections()
    await dodo.close()
    await engine.close()
    await locked.close()
  })
  server = createServer(engine, { apiKeys: [apiKey] })
  const lockedServer = createServer(locked, { apiKeys: [apiKey] })

  const statuses: number[] = []
  async function call(
    method: string,
    path: string,
    body?: object,
    at: Server = server as Server,
    key = apiKey,
  ) {
    const response = await at.fetch(
      new Request(`http://tallystick.internal${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': crypto.randomUUID(),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    written.push(text, JSON.stringify([...response.headers]))
    statuses.push(response.status)
    return JSON.parse(text)
  }
  const deliver = async (message: { headers: Record<string, string>; body: string }) => {
    const response = await fetch(`${url}/v1/webhooks/dodo`, { method: 'POST', ...message })
    written.push(await response.text())
  }

  const wish = { customer: newCustomer(), pack: 'power', return_url: 'http://localhost:3000/back' }
  trouble = 'down'
  await call('POST', '/v1/checkouts', wish)
  trouble = 'cut'
  await call('POST', '/v1/checkouts', wish)
  trouble = 'none'
  await call('POST', '/v1/checkouts', { ...wish, discount_code: 'NOWHERE' })
  await call('POST', '/v1/checkouts', wish, lockedServer)
  await call('POST', '/v1/checkouts', wish, server, 'tsk_test_another')
  const order = await call('POST', '/v1/checkouts', wish)
  expect(statuses).toEqual([503, 503, 422, 503, 401, 200])

  await payInBrowser(order.checkout_url, declinedCard)
  await payInBrowser(order.checkout_url)
  await expect
    .poll(async () => (await call('GET', `/v1/orders/${order.id}`)).state, { timeout: 10_000 })
    .toBe('credited')
  await call('GET', '/v1/payments')
  await call('POST', '/v1/payments/pay_nowhere/dismiss', { reason: 'none', actor: 'grace' })
  await call('POST', '/v1/reconciliations', {})
  trouble = 'down'
  await call('POST', '/v1/reconciliations', {})
  trouble = 'none'

  const event = {
    type: 'payment.succeeded',
    data: { payload_type: 'Payment', payment_id: 'pay_x', status: 'succeeded' },
  }
  await deliver(signMessage(newSecret(), event))
  await deliver(signMessage(oldSecret, event))
  await deliver(signMessage(secret, 'not JSON'))
  await deliver({ headers: {}, body: '{}' })

  const all = written.join('\n')
  // What is looked for would be found.
  expect(all).toContain('webhook refused')
  expect(all).toContain('provider_key_refused')
  expect(all).toContain('request met a fault')
  const secrets = [secret, oldSecret].flatMap((whole) => [whole, whole.slice('whsec_'.length)])
  for (const kept of [apiKey, dodoKey, 'dodo_test_not_the_key', ...secrets, 'tsk_test_another'])
    expect(all.split('\n').filter((line) => line.includes(kept))).toEqual([])
  expect(all.split('\n').filter((line) => /bearer [a-z\d]+_\w/i.test(line))).toEqual([])
})

test('every answer says in which mode it was given', async () => {
  const engine = await createEngine({
    catalog,
    database: { dataDir: undefined, snapshot: await migratedSnapshot() },
    log: createLogger({ level: 'silent' }),
  })
  onTestFinished(() => engine.close())
  const { fetch: ask } = createServer(engine, { apiKeys: [apiKey] })
  const modes = await Promise.all(
    ['/health', '/v1/prices', '/nowhere'].map(async (path) => {
      const { headers } = await ask(new Request(`http://tallystick.internal${path}`))
      return headers.get('x-tallystick-mode')
    }),
  )
  expect(modes).toEqual(['test', 'test', 'test'])
})
