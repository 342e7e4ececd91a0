import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { reconcile } from '../../src/reconcile/reconcile.ts'
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

  test('a dry run finds the same and changes nothing', async () => {
    const { customer, payment } = await buy()
    const dry = await walk({ isDryRun: true })
    expect(dry.findings).toMatchObject([{ kind: 'credited', paymentId: payment }])
    expect(await available(customer)).toBe('0')
    expect((await walk()).findings).toMatchObject([{ kind: 'credited', paymentId: payment }])
    expect(await available(customer)).toBe('500')
  })

  test('a walk that is cut off keeps what it did, and the next begins where it began', async () => {
    await walk()
    const { customer } = await buy()
    const cut = await reconcile(
      {
        ...parts(),
        provider: {
          ...shop.provider,
          // oxlint-disable-next-line require-yield
          async *listRefunds() {
            const { providerUnavailable } = await import('../../src/providers/errors.ts')
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
