import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import DodoPayments from 'dodopayments'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Delivery, startDodoSandbox } from '../src/index.ts'
import { startReceiver } from './receiver.ts'
import { clientOf, eventTypes, makePack, makeSession, openReceiver, openShop, submitScript } from './shop.ts'

const apiKey = 'dodo_test_fixed'
const hourMs = 3_600_000
const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3'

// Commands are started from their sources: on a crowded machine, two of them and their errands took 42 s.
vi.setConfig({ testTimeout: 240_000 })

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dodo-sandbox-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  // In a folder that is not there yet: the sandbox makes it.
  return join(folder, 'state', 'dodo.sqlite')
}

/** The command, run from source, once it says where it listens. */
async function startCommand(args: string[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=source', fileURLToPath(new URL('../src/cli.ts', import.meta.url)), '--port', '0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const line = await new Promise<string>((resolve, reject) => {
    let written = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written += text
      if (written.includes('\n')) resolve(written)
    })
    void exited.then(() => reject(new Error(`the command ended: ${errors}`)))
  })
  const url = /^dodo (http:\S+)\n$/.exec(line)?.[1] ?? ''
  return {
    url,
    client: clientOf({ url, apiKey, webhookSecret: secret }),
    errors: () => errors,
    async kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT') {
      child.kill(signal)
      return exited
    },
  }
}

async function pendingDeliveries(url: string): Promise<Delivery[]> {
  const response = await fetch(`${url}/_sandbox/deliveries?state=pending`)
  return ((await response.json()) as { items: Delivery[] }).items
}

test('a restart with the state file keeps everything, and pending deliveries go on', async () => {
  const gone = await startReceiver()
  await gone.close()
  const file = stateFile()
  const before = await openShop({
    stateFile: file,
    webhooks: [{ url: gone.url }],
    retryScheduleMs: [0, 1_000],
  })
  const { session_id, checkout_url } = await makeSession(before.client)
  const paid = String((await submitScript(checkout_url)).answer['payment_id'])
  await before.dodo.settle()
  const [owed] = await pendingDeliveries(before.dodo.url)
  const payment = await before.client.payments.retrieve(paid)
  await before.dodo.close()

  // The shop's server came back on another port: the endpoint is known by its place, and gets what it missed.
  const receiver = await openReceiver()
  const after = await openShop({
    stateFile: file,
    webhooks: [{ url: receiver.url }],
    retryScheduleMs: [0, 1_000],
  })
  expect(after.dodo.apiKey).toBe(before.dodo.apiKey)
  expect(after.dodo.webhookSecret).toBe(before.dodo.webhookSecret)
  expect(await after.client.payments.retrieve(paid)).toEqual({
    ...payment,
    invoice_url: `${after.dodo.url}/invoices/payments/${paid}`,
  })
  expect((await after.client.checkoutSessions.retrieve(session_id)).payment_status).toBe('succeeded')
  after.clock.advance(1_000)
  await after.dodo.settle()
  await receiver.waitFor(1)
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([owed?.webhook_id])
  expect(await pendingDeliveries(after.dodo.url)).toEqual([])
})

test('a refund and a charge that were under way come to their end after a restart, once', async () => {
  const receiver = await openReceiver()
  const file = stateFile()
  const options = { stateFile: file, webhooks: [{ url: receiver.url }] }
  const before = await openShop(options)
  const { customer_id } = await before.client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const product_cart = [{ product_id: await makePack(before.client), quantity: 1 }]
  const { checkout_url } = await makeSession(before.client, { product_cart, customer: { customer_id } })
  const { answer } = await submitScript(checkout_url, { save_card: 'on' })
  const [method] = (await before.client.customers.retrievePaymentMethods(customer_id)).items
  const { refund_id } = await before.client.refunds.create({ payment_id: String(answer['payment_id']) })
  const { payment_id } = await before.client.checkoutSessions.create({
    product_cart,
    customer: { customer_id },
    confirm: true,
    payment_method_id: method?.payment_method_id ?? '',
  })
  await before.dodo.close()

  const after = await openShop({ ...options, now: before.clock.now })
  expect((await after.client.refunds.retrieve(refund_id)).status).toBe('pending')
  await after.dodo.advance(10_000)
  expect((await after.client.refunds.retrieve(refund_id)).status).toBe('succeeded')
  expect((await after.client.payments.retrieve(String(payment_id))).status).toBe('succeeded')
  expect((await eventTypes(after, receiver)).toSorted()).toEqual([
    'payment.processing',
    'payment.succeeded',
    'payment.succeeded',
    'refund.succeeded',
  ])
})

test('an attempt that closing cut off is made again', async () => {
  const receiver = await openReceiver()
  const answer = Promise.withResolvers<void>()
  receiver.hold = answer.promise
  const file = stateFile()
  const before = await openShop({ stateFile: file, webhooks: [{ url: receiver.url }] })
  await submitScript((await makeSession(before.client)).checkout_url)
  await receiver.waitFor(1)
  await before.dodo.close()
  receiver.hold = undefined
  answer.resolve()
  await openShop({ stateFile: file, webhooks: [{ url: receiver.url }] })
  await receiver.waitFor(2)
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
})

test('a second process on one state file is refused, and says why', async () => {
  const file = stateFile()
  await openShop({ stateFile: file })
  await expect(startDodoSandbox({ stateFile: file })).rejects.toThrow(/Another process has .* open/)
})

test('a taken port and a bad secret are refused, and the state file is free again', async () => {
  const file = stateFile()
  const taken = await openReceiver()
  await expect(startDodoSandbox({ stateFile: file, port: taken.port })).rejects.toThrow(/EADDRINUSE/)
  await expect(
    startDodoSandbox({ stateFile: file, webhooks: [{ url: taken.url, secret: 'whsec_not base64' }] }),
  ).rejects.toThrow(/not a webhook secret/)
  await openShop({ stateFile: file })
})

test('SIGKILL right after a payment loses neither the payment nor its webhook', async () => {
  const gone = await startReceiver()
  await gone.close()
  const file = stateFile()
  const args = [
    '--state',
    file,
    '--api-key',
    apiKey,
    '--webhook-secret',
    secret,
    // What the first process may still have tried in vain is due again when the second one's clock has come to it.
    '--retry-schedule-ms',
    String([0, hourMs]),
  ]
  const first = await startCommand([...args, '--webhook-url', gone.url])
  const sessions = await Promise.all(Array.from({ length: 8 }, () => makeSession(first.client)))
  // Killed while the other payments are on their way; every one that was answered has to be there.
  const answered: string[] = []
  const outcomes = sessions.map(async ({ checkout_url }) => {
    const { answer } = await submitScript(checkout_url)
    answered.push(String(answer['payment_id']))
    if (answered.length === 3) await first.kill('SIGKILL')
  })
  await Promise.allSettled(outcomes)
  expect(answered.length).toBeGreaterThanOrEqual(3)

  const receiver = await openReceiver()
  const second = await startCommand([...args, '--webhook-url', receiver.url])
  await fetch(`${second.url}/_sandbox/clock`, {
    method: 'POST',
    body: JSON.stringify({ advance_seconds: hourMs / 1_000 }),
  })
  const kept = await second.client.payments.list({ page_number: 0, page_size: 100 })
  const ids = kept.items.map((payment) => payment.payment_id)
  expect(ids).toEqual(expect.arrayContaining(answered))
  for (const payment of kept.items) {
    const { checkout_session_id } = await second.client.payments.retrieve(payment.payment_id)
    expect(await second.client.checkoutSessions.retrieve(String(checkout_session_id))).toMatchObject({
      payment_id: payment.payment_id,
      payment_status: 'succeeded',
    })
  }
  await receiver.waitFor(ids.length)
  const told = receiver.received.map(({ body, headers }) => {
    const event = new DodoPayments({ bearerToken: apiKey, webhookKey: secret }).webhooks.unwrap(body, {
      headers,
    })
    return event.type === 'payment.succeeded' ? event.data.payment_id : event.type
  })
  expect(new Set(told)).toEqual(new Set(ids))
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends the command in order', async (signal) => {
  const command = await startCommand(['--state', stateFile(), '--api-key', apiKey])
  expect((await command.client.products.list({ page_number: 0 })).items).toEqual([])
  expect(await command.kill(signal)).toEqual({ code: 0, signal: null })
})

test('the command says one line on standard output, and no warning', async () => {
  const command = await startCommand(['--state', stateFile(), '--api-key', apiKey])
  expect(command.errors()).not.toMatch(/warning/i)
  await command.kill('SIGTERM')
})

test('the command refuses what it does not understand', async () => {
  await expect(startCommand(['--nonsense'])).rejects.toThrow(/--nonsense/)
  await expect(startCommand(['--retry-schedule-ms', '0,soon'])).rejects.toThrow(
    /needs a whole number, not "soon"/,
  )
})

test('the state, which holds the secrets, is its owner’s alone, also when it was open before', async () => {
  const file = stateFile()
  mkdirSync(dirname(file))
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  const { client } = await openShop({
    stateFile: file,
    webhooks: [{ url: 'http://localhost:9/hook', secret }],
  })
  await makeSession(client)
  const modes = readdirSync(dirname(file)).map(
    (name) => [name, (statSync(join(dirname(file), name)).mode & 0o777).toString(8)] as const,
  )
  expect(modes).toEqual([
    ['dodo.sqlite', '600'],
    ['dodo.sqlite-wal', '600'],
  ])
})
