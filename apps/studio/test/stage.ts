/** The studio with everything behind it in one process: the real server, the local Dodo, and a model that answers at once. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@tallystick/client'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { encode } from 'fast-png'
import { createEngine, createServer } from 'tallystick'
import type { Enlarger } from '../server/pictures/enlarger.ts'
import { createStudio, type Studio } from '../server/studio.ts'
import { openVisitors } from '../server/visitors/visitors.ts'
import type { Job, Me, Order } from '../shared/api.ts'
import catalog from '../tallystick.config.ts'

const apiKey = 'tsk_test_studio00000000000000000000000000'
const tallystickUrl = 'http://tallystick.internal'

export const png = encode({ width: 8, height: 6, data: new Uint8Array(8 * 6 * 3).fill(90), channels: 3 })

/** Stands for the models, so that a test can decide when and how they end. */
export interface Model {
  run: Enlarger['enlarge']
}

export type Stage = Awaited<ReturnType<typeof openStage>>

export async function openStage() {
  const folder = await mkdtemp(join(tmpdir(), 'studio-test-'))
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  let server: ReturnType<typeof createServer> | undefined
  const toServer = (input: Request | string | URL, init?: RequestInit) =>
    Promise.resolve(server?.fetch(new Request(input, init)) ?? new Response('starting', { status: 503 }))
  const dodo = await startDodoSandbox({
    webhooks: [{ url: `${tallystickUrl}/v1/webhooks/dodo`, secret }],
    retryScheduleMs: [0, 50, 100],
    fetch: toServer,
  })
  const engine = await createEngine({
    catalog,
    database: { dataDir: undefined },
    provider: { dodo: { apiKey: dodo.apiKey, webhookSecrets: [secret], target: { baseUrl: dodo.url } } },
  })
  server = createServer(engine, { apiKeys: [apiKey], dev: { kill: () => {} } })
  const network = { isAway: false }
  const credits = createClient<typeof catalog>({
    url: tallystickUrl,
    apiKey,
    retryForMs: 1_000,
    fetch: (request) => (network.isAway ? Promise.reject(new Error('away')) : toServer(request)),
  })
  const model: Model = { run: async (input) => drawn(input.onTile) }
  const lines: string[] = []
  let studio: Studio = await start(true)

  async function start(isDev: boolean, laterMs = 0): Promise<Studio> {
    const now = () => new Date(Date.now() + laterMs)
    const visitors = await openVisitors({ folder, now, randomBytes })
    const page = { bytes: new TextEncoder().encode('<!doctype html>'), type: 'text/html', isHashed: false }
    return createStudio(
      {
        credits,
        enlarger: { enlarge: (input) => model.run(input), close: () => Promise.resolve() },
        visitors,
        now,
        randomBytes,
        dev: isDev ? { tallystickUrl, fetch: (request) => toServer(request), webhookKey: secret } : null,
        log: (line) => lines.push(line),
      },
      { files: new Map([['/index.html', page]]), frameSources: [dodo.url] },
    )
  }

  return {
    credits,
    /** Whether the studio reaches the credits server. */
    network,
    model,
    lines,
    /** Who has a folder on the disk. */
    shelves: () => readdir(join(folder, 'visitors')),
    ordersFile: (customer: string) => join(folder, 'visitors', customer, 'orders.json'),
    /** A browser with a cookie jar for one cookie. */
    visit: () => visit((request) => studio.fetch(request)),
    /** Ends the studio as a kill would, and starts another one on the same folder. */
    async restart(options: { isDev: boolean; laterMs?: number } = { isDev: true }) {
      studio.close()
      studio = await start(options.isDev, options.laterMs)
      return studio.recover()
    },
    /** Recovers once more, in a studio that is at work. */
    recoverAgain: () => studio.recover(),
    /** A request of somebody without a cookie. */
    stranger: async (method: string, path: string) =>
      studio.fetch(new Request(`http://studio.internal${path}`, { method })),
    async close() {
      studio.close()
      await engine.close()
      await dodo.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What the stand-in model makes: twice the size, in four tiles. */
export function drawn(onTile?: Parameters<Enlarger['enlarge']>[0]['onTile']) {
  for (let done = 0; done <= 4; done++) onTile?.({ columns: 2, rows: 2, done })
  const large = encode({ width: 16, height: 12, data: new Uint8Array(16 * 12 * 3).fill(180), channels: 3 })
  return { png: large, width: 16, height: 12 }
}

/** What a request may carry. */
export type Body = NonNullable<RequestInit['body']>

async function visit(fetchStudio: Studio['fetch']) {
  let cookie = ''
  async function ask(method: string, path: string, body?: Body, headers: Record<string, string> = {}) {
    const init = { method, headers: { ...(cookie === '' ? {} : { cookie }), ...headers }, body: body ?? null }
    const response = await fetchStudio(new Request(`http://studio.internal${path}`, init))
    const set = response.headers.get('set-cookie')
    if (set !== null) cookie = set.split(';')[0] ?? ''
    return response
  }
  const page = await ask('GET', '/')
  const read = async <T>(method: string, path: string, body?: Body, headers?: Record<string, string>) =>
    (await (await ask(method, path, body, headers)).json()) as T
  const job = (id: string) => read<Job>('GET', `/api/jobs/${id}`)
  return {
    page,
    ask,
    read,
    job,
    me: () => read<Me>('GET', '/api/me'),
    start: (action: string, name = 'Test') =>
      read<Job>('POST', `/api/jobs?${new URLSearchParams({ action, name }).toString()}`, png),
    until: (id: string, state: Job['state']) =>
      until(
        async () => (await job(id)).state === state,
        () => job(id),
      ),
    buy: (pack: string) =>
      read<Order>('POST', '/api/checkouts', JSON.stringify({ pack }), { 'content-type': 'application/json' }),
  }
}

const patienceMs = 15_000

/** Waits for a condition, and gives what is to be looked at then. */
export async function until<T>(isSo: () => Promise<boolean>, then: () => Promise<T>): Promise<T> {
  const began = Date.now()
  while (!(await isSo())) {
    if (Date.now() - began > patienceMs)
      throw new Error(`It did not come to that: ${JSON.stringify(await then())}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return then()
}

/** Fills in the checkout's form and sends it, as a browser does. */
export async function pay(checkoutUrl: string, card = '4242 4242 4242 4242'): Promise<void> {
  const form = {
    email: 'ada@example.com',
    name: 'Ada',
    country: 'US',
    card_number: card,
    expiry: '06 / 32',
    cvc: '123',
  }
  await fetch(checkoutUrl, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(form),
  })
}
