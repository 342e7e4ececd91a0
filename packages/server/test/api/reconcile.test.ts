import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { addMs, dayMs } from '../../src/kernel/time.ts'
import { settleEvent } from '../../src/payments/settle-event.ts'
import { createDodoProvider } from '../../src/providers/dodo/dodo-provider.ts'
import { providerUnavailable } from '../../src/providers/errors.ts'
import type { PaymentProvider, Walk } from '../../src/providers/provider.ts'
import type { ProviderPayment } from '../../src/providers/told.ts'
import { reconcile } from '../../src/reconcile/reconcile.ts'
import { reconciling } from '../../src/reconcile/reconciliations.ts'
import {
  type Driver,
  declinedCard,
  openShop,
  openTestDatabase,
  payInBrowser,
  type Shop,
} from '../support/shop.ts'

const catalog = checkCatalog(
  defineCatalog({
    units: { credits: { name: 'Credits' } },
    actions: { chat: { credits: 1 } },
    packs: {
      power: pack({ name: 'Power', credits: 500, price: usd(40) }),
      granted: pack({ name: 'Granted', credits: 250, price: usd(20), grantOn: 'entitlement' }),
    },
  }),
)

describe.each(['pglite', 'postgres'] as const)('with no webhook at all, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop
  let customers = 0

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({ database, catalog, dodoOptions: { webhooks: [] } })
  })
  afterAll(async () => {
    try {
      await shop.close()
    } finally {
      await database.close()
    }
  })
  afterEach(async () => {
    const { differences } = await shop.ledger.verify()
    if (differences.length > 0) throw new Error(`The books do not balance: ${JSON.stringify(differences)}`)
  })

  const parts = () => ({
    database,
    provider: shop.provider,
    context: shop.settleContext,
    newId: shop.ledger.context.newId,
    log: shop.log,
    now: () => new Date(),
  })
  const walk = (options: Parameters<typeof reconcile>[1] = {}) => reconcile(parts(), options)

  async function buy(packId = 'power', card?: string) {
    customers += 1
    const customer = `customer_${customers}`
    const { body } = await shop.request('POST', '/v1/checkouts', {
      customer,
      pack: packId,
      return_url: 'http://localhost:3000/back',
    })
    if (card !== undefined) await payInBrowser(body.checkout_url, card, `${customer}@example.com`)
    await payInBrowser(body.checkout_url, undefined, `${customer}@example.com`)
    const session = await dodo('GET', `/checkouts/${body.provider_session}`)
    return { customer, order: body.id as string, payment: session['payment_id'] as string }
  }

  async function dodo(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${shop.dodo.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${shop.dodo.apiKey}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    return (await response.json()) as Record<string, unknown>
  }

  const available = async (customer: string) =>
    decimalFromCredits(
      (await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })).balance.available,
    )
  const order = async (id: string) => (await shop.request('GET', `/v1/orders/${id}`)).body

  test('what was paid is credited, also after a declined card, and a second walk finds nothing', async () => {
    const [plain, second] = [await buy(), await buy('power', declinedCard)]
    const walked = await walk()
    expect(walked.error).toBeUndefined()
    for (const { customer, order: id, payment } of [plain, second]) {
      expect(await order(id)).toMatchObject({ state: 'credited', payment })
      expect(await available(customer)).toBe('500')
      expect(walked.findings).toContainEqual(
        expect.objectContaining({ kind: 'credited', paymentId: payment }),
      )
    }
    expect((await walk()).findings).toEqual([])
  })

  test("credits of Dodo's own are brought too", async () => {
    const bought = await buy('granted')
    await walk()
    expect(await order(bought.order)).toMatchObject({ state: 'credited' })
    expect(await available(bought.customer)).toBe('250')
  })

  test('refunds and disputes that nobody told of are found, also of payments that were credited long ago', async () => {
    const [refunded, disputed] = [await buy(), await buy()]
    await walk()
    const refund = await dodo('POST', `/_sandbox/payments/${refunded.payment}/refund`, { amount: 1000 })
    await dodo('POST', `/_sandbox/refunds/${String(refund['refund_id'])}/settle`, { outcome: 'succeeded' })
    const dispute = await dodo('POST', `/_sandbox/payments/${disputed.payment}/dispute`, { stage: 'dispute' })
    const walked = await walk()
    expect(walked.findings.map(({ kind, paymentId }) => `${kind} ${paymentId}`).sort()).toEqual(
      [`taken_back ${refunded.payment}`, `taken_back ${disputed.payment}`].sort(),
    )
    expect(await available(refunded.customer)).toBe('375')
    const decide = (decision: string) =>
      dodo('POST', `/_sandbox/disputes/${String(dispute['dispute_id'])}/decide`, { decision })
    await decide('challenge')
    await decide('lose')
    await walk()
    expect(await available(disputed.customer)).toBe('0')
    expect((await walk()).findings).toEqual([])
  })

  test('a refund of a part that does not say of how much takes its share when that is told', async () => {
    const { customer, payment } = await buy()
    await walk()
    const refund = await dodo('POST', `/_sandbox/payments/${payment}/refund`, { amount: 1000 })
    await dodo('POST', `/_sandbox/refunds/${String(refund['refund_id'])}/settle`, { outcome: 'succeeded' })
    const silent = await createDodoProvider({
      apiKey: shop.dodo.apiKey,
      webhookSecrets: [shop.secret],
      target: { baseUrl: shop.dodo.url },
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        const body: unknown = JSON.parse(await response.text(), (_, value: unknown) =>
          typeof value === 'object' && value !== null && 'refund_id' in value
            ? { ...value, is_partial: true, amount: null }
            : value,
        )
        return Response.json(body, { status: response.status })
      },
    })
    for (let n = 0; n < 2; n += 1)
      expect(await reconcile({ ...parts(), provider: silent }, {})).toMatchObject({
        findings: [],
        error: undefined,
      })
    expect(await available(customer)).toBe('500')
    expect((await walk()).findings).toMatchObject([{ kind: 'taken_back', paymentId: payment }])
    expect(await available(customer)).toBe('375')
  })

  test('a dry run finds the same and changes nothing', async () => {
    const { customer, payment } = await buy()
    const dry = await walk({ isDryRun: true })
    expect(dry.findings).toMatchObject([{ kind: 'credited', paymentId: payment }])
    expect(await available(customer)).toBe('0')
    expect((await walk()).findings).toMatchObject([{ kind: 'credited', paymentId: payment }])
    expect(await available(customer)).toBe('500')
  })

  test('a walk that is cut off keeps what it did, and the next goes on where it came to', async () => {
    await walk()
    const { customer } = await buy()
    const cut = await reconcile(
      {
        ...parts(),
        provider: {
          ...shop.provider,
          // oxlint-disable-next-line require-yield
          async *listRefunds() {
            throw providerUnavailable(new Error('away'))
          },
        },
      },
      {},
    )
    expect(cut.error).toContain('does not answer')
    expect(await available(customer)).toBe('500')
    const next = await walk()
    expect(next.from).toEqual(cut.from)
    expect(next.error).toBeUndefined()
  })

  test('a walk goes on where it came to, window by window', async () => {
    const fresh = await openTestDatabase(driver)
    onTestFinished(() => fresh.close())
    const asked: Date[] = []
    let isAway = true
    const provider: PaymentProvider = {
      ...shop.provider,
      async *listPayments(window) {
        asked.push(window.from)
        if (isAway && asked.length === 4) throw providerUnavailable(new Error('away'))
        yield* []
      },
      async *listRefunds() {},
      async *listDisputes() {},
    }
    const cut = await reconcile({ ...parts(), database: fresh, provider }, {})
    expect(cut.error).toContain('does not answer')
    isAway = false
    const next = await reconcile({ ...parts(), database: fresh, provider }, {})
    expect(next).toMatchObject({ error: undefined, findings: [] })
    // Three weeks were settled; less the overlap.
    expect(next.from.getTime() - cut.from.getTime()).toBe(18 * dayMs)
    expect(asked.slice(4).map((from) => (from.getTime() - next.from.getTime()) / dayMs)).toEqual(
      asked.slice(4).map((_, index) => 7 * index),
    )
    // From later on than it came to: what lies between is not forgotten.
    const third = await reconcile({ ...parts(), database: fresh, provider }, {})
    await reconcile({ ...parts(), database: fresh, provider }, { since: addMs(third.beganAt, dayMs) })
    const fourth = await reconcile({ ...parts(), database: fresh, provider }, {})
    expect(fourth.from).toEqual(addMs(third.beganAt, -3 * dayMs))
  })

  test('one that cannot be settled is told, keeps no other from it, and is looked at again', async () => {
    await walk()
    const [unlucky, lucky] = [await buy(), await buy()]
    let isInHand = false
    const broken = {
      ...parts(),
      context: () => {
        if (isInHand) throw new TypeError('out of paper')
        return shop.settleContext()
      },
      provider: {
        ...shop.provider,
        getPayment: async (id: string) => {
          isInHand = id === unlucky.payment
          return shop.provider.getPayment(id)
        },
      },
    }
    const walked = await reconcile(broken, {})
    expect(walked.error).toContain('1 could not be settled')
    expect(walked.findings).toContainEqual({
      kind: 'not_settled',
      paymentId: unlucky.payment,
      orderId: undefined,
      note: 'out of paper',
    })
    expect(await available(lucky.customer)).toBe('500')
    expect(await available(unlucky.customer)).toBe('0')
    const next = await walk()
    expect(next.from).toEqual(walked.from)
    expect(await available(unlucky.customer)).toBe('500')
  })

  test('what was read before a newer message came does not undo it', async () => {
    const { payment } = await buy()
    await walk()
    const made = await dodo('POST', `/_sandbox/payments/${payment}/refund`, { amount: 1000 })
    const refundId = String(made['refund_id'])
    const slow = {
      ...shop.provider,
      async *listRefunds(window: Walk) {
        for await (const refund of shop.provider.listRefunds(window)) {
          if (refund.refundId === refundId) {
            // Between the page and its row the message comes that says that it is looked into.
            const newer = { type: 'refund' as const, refund: { ...refund, state: 'review' as const } }
            await database.transaction((tx) => settleEvent(tx, newer, new Date(), shop.settleContext()))
          }
          yield refund
        }
      },
    }
    await reconcile({ ...parts(), provider: slow }, {})
    const known = await database.transaction((tx) =>
      tx.db.selectFrom('refunds').select('state').where('refund_id', '=', refundId).execute(),
    )
    expect(known).toEqual([{ state: 'review' }])
    await dodo('POST', `/_sandbox/refunds/${refundId}/settle`, { outcome: 'failed' })
    await walk()
  })

  test('an order whose checkout was lost on its way to us is credited by its payment', async () => {
    let lost: string | undefined
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (lost !== undefined || !new Request(input, init).url.endsWith('/checkouts')) return response
      lost = ((await response.json()) as { checkout_url: string }).checkout_url
      throw new TypeError('fetch failed')
    }
    const other = await openShop({
      database,
      catalog,
      dodo: shop.dodo,
      secret: shop.secret,
      provider: { fetch: losing },
    })
    onTestFinished(() => other.close())
    const body = { customer: 'customer_lost', pack: 'power', return_url: 'http://localhost:3000/back' }
    expect(await other.request('POST', '/v1/checkouts', body)).toMatchObject({ status: 503 })
    if (lost === undefined) throw new Error('No session was made.')
    await payInBrowser(lost, undefined, 'lost@example.com')
    await walk()
    const [found] = (await shop.request('GET', '/v1/customers/customer_lost/orders')).body.data
    expect(found).toMatchObject({ state: 'credited' })
    expect(await available('customer_lost')).toBe('500')
  })

  test('an amount that differs, and a payment that cannot be read, are told', async () => {
    const [other, unreadable] = [await buy(), await buy()]
    await walk()
    const { payment: third } = await buy()
    const provider: PaymentProvider = {
      ...shop.provider,
      async *listPayments(window) {
        for await (const listed of shop.provider.listPayments(window))
          yield listed.paymentId === other.payment
            ? { ...listed, charged: { amountMinor: 4100n, currency: 'USD' } }
            : listed
      },
      getPayment: async (id) => (id === third ? undefined : shop.provider.getPayment(id)),
    }
    const { findings } = await reconcile({ ...parts(), provider }, {})
    expect(findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'flagged',
          paymentId: other.payment,
          note: expect.stringContaining('41.00 USD'),
        }),
        expect.objectContaining({
          kind: 'flagged',
          paymentId: third,
          note: expect.stringContaining('can be read'),
        }),
      ]),
    )
    expect(findings.some(({ paymentId }) => paymentId === unreadable.payment)).toBe(false)
    await walk()
  })

  test('what is under way for long is asked for by its id, later and later', async () => {
    const { payment } = await buy()
    const made = addMs(new Date(), -40 * dayMs)
    const asked: string[] = []
    const provider: PaymentProvider = {
      ...shop.provider,
      async *listPayments() {},
      getPayment: (id) => {
        asked.push(id)
        return Promise.resolve({ ...payable, paymentId: id, createdAt: made })
      },
    }
    const read = await shop.provider.getPayment(payment)
    if (read === undefined) throw new Error('The payment is there.')
    const payable: ProviderPayment = { ...read, state: 'processing', orderId: undefined }
    const old = `pay_old_${driver}`
    const tell = (asOf: Date) =>
      database.transaction((tx) =>
        settleEvent(
          tx,
          { type: 'payment', payment: { ...payable, paymentId: old, createdAt: made } },
          asOf,
          shop.settleContext(),
        ),
      )
    await tell(addMs(new Date(), -5 * dayMs))
    await reconcile({ ...parts(), provider }, {})
    expect(asked.filter((id) => id === old)).toEqual([old])
    await reconcile({ ...parts(), provider }, {})
    expect(asked.filter((id) => id === old)).toEqual([old])
    await walk()
  })

  test('the schedule walks when it is due, on one server of several', async () => {
    let runs = 0
    const counted = { run: async () => ((runs += 1), walk()) }
    const servers = Array.from({ length: 4 }, () => reconciling(parts(), counted, 10))
    await database.transaction((tx) => tx.db.deleteFrom('watermarks').execute())
    await Promise.all(servers.map((server) => server.run()))
    expect(runs).toBe(1)
    await Promise.all(servers.map((server) => server.run()))
    expect(runs).toBe(1)
    await database.transaction((tx) =>
      tx.db
        .updateTable('watermarks')
        .set({ walked_at: addMs(tx.now, -601_000) })
        .execute(),
    )
    await Promise.all(servers.map((server) => server.run()))
    expect(runs).toBe(2)
  })

  test('a server that stops ends its walk after what is in hand', async () => {
    await buy()
    const { error } = await walk({ signal: AbortSignal.abort() })
    expect(error).toBe('The server was stopped.')
    await walk()
  })

  test('a payment of these books that Dodo does not know is told', async () => {
    const { payment } = await buy()
    await walk()
    const forgetful = {
      ...shop.provider,
      async *listPayments(...asked: Parameters<typeof shop.provider.listPayments>) {
        for await (const listed of shop.provider.listPayments(...asked))
          if (listed.paymentId !== payment) yield listed
      },
      getPayment: async (id: string) => (id === payment ? undefined : shop.provider.getPayment(id)),
    }
    const { findings } = await reconcile({ ...parts(), provider: forgetful }, {})
    expect(findings).toMatchObject([{ kind: 'unknown_to_provider', paymentId: payment }])
  })

  test('two walks at once do no harm', async () => {
    const bought = await buy()
    await Promise.all([walk(), walk(), walk()])
    expect(await available(bought.customer)).toBe('500')
  })
})
