import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type DodoSandbox, startDodoSandbox } from '@tallystick/dodo-sandbox'
import { Client } from 'pg'
import { type RunningPostgres, startPostgres } from '../../../../tools/postgres/start-postgres.ts'
import { auditEntries } from '../audit/audit-entries.ts'
import { type Random, randomFrom } from '../crash/random.ts'
import { apiKey, type Serving, serve } from '../support/serving.ts'
import { auditPurchases, countInjected, type InjectedCounts, missedMessages } from './audit-purchases.ts'
import { faultsAtDodo, retryScheduleMs } from './faults-at-dodo.ts'
import { type Bought, buyAndMore } from './shopper.ts'

export interface ChaosOptions {
  readonly orders: number
  readonly seed: number
  /** How often the server is killed, spread over the run. */
  readonly kills: number
  /** What the server runs in, beyond what it is given here. */
  readonly environment?: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

export interface ChaosReport extends InjectedCounts {
  readonly orders: number
  readonly paid: number
  readonly kills: number
  readonly refunds: number
  readonly disputes: number
  readonly refund_then_dispute: number
  /** Each in words: what is wrong beyond the next two, too. */
  readonly wrong: readonly string[]
  readonly grantedTwice: readonly string[]
  readonly missed: readonly string[]
}

// Enough that they get into each other's way, and few enough for two cores.
const shoppersAtOnce = 12

/**
 * Customers buy, pay, are refunded and dispute, while everything between the local Dodo and the server goes wrong and the server is killed; then faults end, the
 * reconciler runs, and what the books say is held against what Dodo's own state file says.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-chaos-'))
  const postgres = await startPostgres({})
  const run = new Run(options, folder, postgres)
  const close = () => {
    void run.close()
  }
  process.once('exit', close)
  try {
    return await run.toTheEnd()
  } finally {
    process.off('exit', close)
    await run.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Run {
  readonly #options: ChaosOptions
  readonly #random: Random
  readonly #stateFile: string
  readonly #postgres: RunningPostgres
  #dodo: DodoSandbox | undefined
  #server: Serving | undefined
  #port = 0
  #kills = 0
  #bought: Bought[] = []
  /** Before the reconciler ran. */
  #creditedByMessages: ReadonlySet<string> = new Set()
  readonly #wrong: string[] = []

  constructor(options: ChaosOptions, folder: string, postgres: RunningPostgres) {
    this.#options = options
    this.#random = randomFrom(options.seed)
    this.#stateFile = join(folder, 'dodo.sqlite')
    this.#postgres = postgres
  }

  async toTheEnd(): Promise<ChaosReport> {
    // Dodo knows the server by its address, and so it comes back there after each kill.
    this.#port = await freePort()
    const dodo = await startDodoSandbox({
      stateFile: this.#stateFile,
      webhooks: [{ url: `http://127.0.0.1:${this.#port}/v1/webhooks/dodo`, secret: webhookSecret }],
      retryScheduleMs,
      webhookTimeoutMs: 5000,
    })
    this.#dodo = dodo
    await this.#startServer()
    await createDiscount(dodo)
    await addFaults(dodo, this.#options.seed)
    await Promise.all([this.#shop(dodo), this.#killAtRandom()])
    await this.#calmDown(dodo)
    return this.#report(dodo)
  }

  async close(): Promise<void> {
    await this.#server?.kill('SIGKILL')
    await this.#dodo?.close()
  }

  /** All orders, so many at once. */
  async #shop(dodo: DodoSandbox): Promise<void> {
    const { orders, seed, say } = this.#options
    const shop = (number: number) => ({
      dodo,
      apiKey,
      url: () => this.#server?.url ?? '',
      // Each has chances of its own: who is first changes nobody's.
      random: randomFrom(seed * 100_003 + number),
    })
    let next = 0
    const keepBuying = async () => {
      for (let number = next++; number < orders; number = next++) {
        // oxlint-disable-next-line no-await-in-loop
        await buyAndMore(shop(number), number).then(
          (bought) => this.#bought.push(bought),
          (error: unknown) => this.#wrong.push(`a shopper gave up: ${String(error)}`),
        )
        const done = this.#bought.length
        if (done % 100 === 0) say(`${done}/${orders} orders, ${this.#kills} kills`)
      }
    }
    await Promise.all(Array.from({ length: shoppersAtOnce }, keepBuying))
  }

  /** Until all have bought: a kill for every so many orders. */
  async #killAtRandom(): Promise<void> {
    const { orders, kills } = this.#options
    for (let kill = 1; kill <= kills; kill += 1) {
      const at = Math.floor((orders * kill) / (kills + 1))
      // oxlint-disable-next-line no-await-in-loop
      while (this.#bought.length + this.#wrong.length < at) await delay(20)
      // oxlint-disable-next-line no-await-in-loop
      await delay(this.#random.below(300))
      // oxlint-disable-next-line no-await-in-loop
      await this.#server?.kill('SIGKILL')
      this.#kills += 1
      // oxlint-disable-next-line no-await-in-loop
      await this.#startServer()
    }
  }

  async #startServer(): Promise<void> {
    const dodo = this.#dodo
    if (dodo === undefined) throw new Error('Dodo is started first.')
    this.#server = await serve({
      DATABASE_URL: this.#postgres.url,
      TALLYSTICK_CONFIG: join(import.meta.dirname, 'catalog.ts'),
      PORT: String(this.#port),
      DODO_PAYMENTS_BASE_URL: dodo.url,
      DODO_PAYMENTS_API_KEY: dodo.apiKey,
      DODO_PAYMENTS_WEBHOOK_KEY: webhookSecret,
      ...this.#options.environment,
    })
  }

  /** Faults end; what is on its way arrives; the reconciler mends what never came. */
  async #calmDown(dodo: DodoSandbox): Promise<void> {
    await fetch(`${dodo.url}/_sandbox/faults`, { method: 'DELETE' })
    await settleDeliveries(dodo)
    await this.#isIdle()
    this.#creditedByMessages = await this.#withDatabase(async (client) => {
      const { rows } = await client.query('select payment_id from orders where payment_id is not null')
      return new Set(rows.map((row) => String(row.payment_id)))
    })
    const { status, body } = (await this.#server?.post('/v1/reconciliations', {})) ?? {}
    if (status !== 200) this.#wrong.push(`the reconciler did not run: ${status} ${JSON.stringify(body)}`)
    await settleDeliveries(dodo)
    await this.#isIdle()
  }

  /** The server has worked on all that it was told. What fails again and again is not waited for. */
  async #isIdle(): Promise<void> {
    await this.#withDatabase(async (client) => {
      const deadline = Date.now() + patienceMs
      const waiting = `select message_id, note, note is not null and attempts >= ${attemptsMax} as is_stuck from inbox where state = 'received'`
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop
        const { rows } = await client.query(waiting)
        if (rows.every((row) => row.is_stuck === true) || Date.now() > deadline) {
          for (const { message_id, note } of rows)
            this.#wrong.push(`${message_id} is still not processed: ${note ?? 'nobody knows why'}`)
          return
        }
        // oxlint-disable-next-line no-await-in-loop
        await delay(50)
      }
    })
  }

  async #report(dodo: DodoSandbox): Promise<ChaosReport> {
    await this.#server?.kill('SIGTERM')
    await dodo.close()
    return this.#withDatabase(async (client) => {
      const query = async (sql: string) => (await client.query(sql)).rows
      const purchases = await auditPurchases(this.#stateFile, query)
      const { differences } = await auditEntries(query)
      const count = (of: (bought: Bought) => number) => this.#bought.reduce((sum, one) => sum + of(one), 0)
      return {
        ...countInjected(this.#stateFile),
        orders: purchases.orders,
        paid: purchases.paid,
        kills: this.#kills,
        refunds: count(({ refunds }) => refunds),
        disputes: count(({ disputes }) => disputes),
        refund_then_dispute: count(({ refundThenDispute }) => Number(refundThenDispute)),
        wrong: [
          ...this.#wrong,
          ...this.#strayOrders(purchases.orders),
          ...purchases.wrong,
          ...differences,
          ...missedMessages(this.#stateFile, this.#creditedByMessages),
        ],
        grantedTwice: purchases.grantedTwice,
        missed: purchases.missed,
      }
    })
  }

  /** However often an intent was repeated, it made one order. */
  #strayOrders(made: number): string[] {
    const wished = this.#bought.length
    return made === wished || this.#wrong.length > 0 ? [] : [`${wished} intents made ${made} orders`]
  }

  async #withDatabase<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.#postgres.url })
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }
}

const webhookSecret = `whsec_${Buffer.from('a secret for the chaos proof').toString('base64')}`

// Nothing that is well takes as long, or as many attempts.
const patienceMs = 120_000
const attemptsMax = 4

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}

async function createDiscount(dodo: DodoSandbox): Promise<void> {
  const response = await fetch(`${dodo.url}/discounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${dodo.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ code: 'TENOFF', type: 'percentage', amount: 1000 }),
  })
  if (!response.ok) throw new Error(`Dodo made no discount: ${await response.text()}`)
}

async function addFaults(dodo: DodoSandbox, seed: number): Promise<void> {
  const response = await fetch(`${dodo.url}/_sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules: faultsAtDodo, seed }),
  })
  if (!response.ok) throw new Error(`Dodo knows no such faults: ${await response.text()}`)
}

/** Until nothing is owed any more, or was given up. */
async function settleDeliveries(dodo: DodoSandbox): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline) {
    // oxlint-disable-next-line no-await-in-loop
    await dodo.settle()
    // oxlint-disable-next-line no-await-in-loop
    const response = await fetch(`${dodo.url}/_sandbox/deliveries?state=pending&limit=1`)
    // oxlint-disable-next-line no-await-in-loop
    const { items } = (await response.json()) as { items: unknown[] }
    if (items.length === 0) return
    // oxlint-disable-next-line no-await-in-loop
    await delay(100)
  }
}
