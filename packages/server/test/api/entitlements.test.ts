import DodoPayments from 'dodopayments'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits, micros } from '../../src/kernel/credits.ts'
import { walletId } from '../../src/kernel/ids.ts'
import { mirrorOnce } from '../../src/mirror/mirror.ts'
import {
  type Driver,
  deliver,
  openShop,
  openTestDatabase,
  payInBrowser,
  type Shop,
  signMessage,
} from '../support/shop.ts'

const catalog = checkCatalog(
  defineCatalog({
    units: { credits: { name: 'Credits' } },
    actions: { 'image.standard': { credits: 1 } },
    packs: {
      power: pack({ name: 'Power', credits: 500, price: usd(40), grantOn: 'entitlement' }),
      plain: pack({ name: 'Plain', credits: 100, price: usd(10) }),
    },
    mirror: true,
  }),
)

// Far more than it takes, on a machine that does other things.
const patience = { timeout: 20_000 }

interface StoredMessage {
  readonly event_type: string
  readonly body: string
  readonly state: string
  readonly note: string | null
}

describe.each(['pglite', 'postgres'] as const)(
  "credits by Dodo's own entitlement, on %s",
  (driver: Driver) => {
    let database: Database
    let shop: Shop
    let dodo: DodoPayments
    let customers = 0

    beforeAll(async () => {
      database = await openTestDatabase(driver)
      // No endpoint: each test delivers what it wants, in the order it wants.
      shop = await openShop({
        database,
        catalog,
        dodoOptions: { webhooks: [], behaviour: { refundMs: 3_600_000 } },
      })
      dodo = new DodoPayments({ baseURL: shop.dodo.url, bearerToken: shop.dodo.apiKey })
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

    function owner() {
      customers += 1
      return { mode: 'test' as const, customer: `customer_${customers}`, unit: 'credits' }
    }

    type Owner = ReturnType<typeof owner>

    const available = async (who: Owner) =>
      decimalFromCredits((await shop.ledger.balance(who)).balance.available)

    async function buy(who: Owner, packId = 'power', quantity = 1) {
      const { body } = await shop.request('POST', '/v1/checkouts', {
        customer: who.customer,
        pack: packId,
        quantity,
        return_url: 'http://localhost:3000/back',
      })
      const email = `${who.customer}@example.com`
      const paid = await payInBrowser(body.checkout_url, undefined, email)
      const payment = await dodo.payments.retrieve(await paymentOf(body.provider_session))
      expect(paid.status).toBe(200)
      return { order: body.id as string, payment }
    }

    async function paymentOf(session: string): Promise<string> {
      return (await dodo.checkoutSessions.retrieve(session)).payment_id ?? ''
    }

    /** The `credit.added` that Dodo would send about a purchase. */
    async function creditAdded(payment: DodoPayments.Payment) {
      const { items } = await dodo.customers.listCreditEntitlements(payment.customer.customer_id)
      const entitlement = items[0]?.credit_entitlement_id ?? ''
      for await (const entry of dodo.creditEntitlements.balances.listLedger(payment.customer.customer_id, {
        credit_entitlement_id: entitlement,
        page_number: 0,
      }))
        if (entry.reference_id === payment.payment_id) return entry
      throw new Error('Dodo granted no credits.')
    }

    async function send(type: string, data: object, id?: string): Promise<StoredMessage> {
      const event = {
        business_id: 'bus_1',
        type,
        timestamp: new Date().toISOString(),
        data: { payload_type: type.startsWith('credit') ? 'CreditLedgerEntry' : 'Payment', ...data },
      }
      const message = signMessage(shop.secret, event, id === undefined ? {} : { id })
      expect(await deliver(shop, message)).toBe(200)
      const messageId = message.headers['webhook-id']
      let stored: StoredMessage | undefined
      await expect
        .poll(async () => {
          const { body } = await shop.request('GET', '/dev/inbox')
          stored = body.data.find((one: { message_id: string }) => one.message_id === messageId)
          return stored?.state
        }, patience)
        .not.toBe('received')
      if (stored === undefined) throw new Error('The message is not there.')
      return stored
    }

    const order = async (id: string) => (await shop.request('GET', `/v1/orders/${id}`)).body

    test('the payment makes the order paid, and its credits credit it: once, however often both are told', async () => {
      const who = owner()
      const { order: id, payment } = await buy(who)
      await send('payment.succeeded', payment)
      expect(await order(id)).toMatchObject({ state: 'paid', payment: payment.payment_id, lot: null })
      expect(await available(who)).toBe('0')
      const entry = await creditAdded(payment)
      await send('credit.added', entry)
      expect(await order(id)).toMatchObject({ state: 'credited' })
      expect(await available(who)).toBe('500')
      await send('credit.added', entry)
      await send('payment.succeeded', payment)
      expect(await available(who)).toBe('500')
    })

    test('credits that come before their payment wait for it', async () => {
      const who = owner()
      const { order: id, payment } = await buy(who)
      const entry = await creditAdded(payment)
      expect(await send('credit.added', entry)).toMatchObject({
        state: 'ignored',
        note: expect.stringContaining('kept'),
      })
      expect(await available(who)).toBe('0')
      await send('payment.succeeded', payment)
      expect(await order(id)).toMatchObject({ state: 'credited' })
      expect(await available(who)).toBe('500')
    })

    test('both at the same time, five times each: credited once', async () => {
      const who = owner()
      const { order: id, payment } = await buy(who)
      const entry = await creditAdded(payment)
      await Promise.all(
        Array.from({ length: 5 }, () => [
          send('payment.succeeded', payment),
          send('credit.added', entry),
        ]).flat(),
      )
      expect(await order(id)).toMatchObject({ state: 'credited' })
      expect(await available(who)).toBe('500')
    })

    test('numbers for credit strings, as live servers have been seen to send, are read', async () => {
      const who = owner()
      const { payment } = await buy(who)
      await send('payment.succeeded', payment)
      const entry = await creditAdded(payment)
      await send('credit.added', { ...entry, amount: 500, balance_after: 500 })
      expect(await available(who)).toBe('500')
    })

    test.each([
      ['multiplied', '1000'],
      ['not multiplied', '500'],
    ])(
      'credits of a double pack, %s by the quantity: the order brings what was bought',
      async (_, amount) => {
        const who = owner()
        const { payment } = await buy(who, 'power', 2)
        await send('payment.succeeded', payment)
        const entry = await creditAdded(payment)
        await send('credit.added', { ...entry, amount })
        expect(await available(who)).toBe('1000')
      },
    )

    test('two purchases of one customer: each is credited by its own grant', async () => {
      const who = owner()
      const [first, second] = [await buy(who), await buy(who)]
      await send('payment.succeeded', second.payment)
      // Of the first purchase, whose payment is not known yet: it must not credit the second.
      await send('credit.added', await creditAdded(first.payment))
      expect(await available(who)).toBe('0')
      await send('credit.added', await creditAdded(second.payment))
      await send('payment.succeeded', first.payment)
      expect(await available(who)).toBe('1000')
      for (const { order: id } of [first, second])
        expect(await order(id)).toMatchObject({ state: 'credited' })
    })

    test('a pack that its payment credits is never credited by credits of Dodo as well', async () => {
      const who = owner()
      const { payment } = await buy(who, 'plain')
      await send('payment.succeeded', payment)
      expect(await available(who)).toBe('100')
      const { payment: other } = await buy(owner())
      const entry = await creditAdded(other)
      const stray = {
        ...entry,
        id: 'cle_stray',
        grant_id: 'cgr_stray',
        amount: '100',
        customer_id: payment.customer.customer_id,
        reference_id: payment.payment_id,
      }
      expect(await send('credit.added', stray)).toMatchObject({ state: 'ignored' })
      expect(await available(who)).toBe('100')
    })

    test("what is spent is posted to Dodo's ledger once, also when the answer was lost", async () => {
      const who = owner()
      const { payment } = await buy(who)
      await send('payment.succeeded', payment)
      const entry = await creditAdded(payment)
      await send('credit.added', entry)
      const atDodo = async () =>
        (
          await dodo.creditEntitlements.balances.retrieve(payment.customer.customer_id, {
            credit_entitlement_id: entry.credit_entitlement_id,
          })
        ).balance
      const charge = (credits: bigint, key: string) =>
        shop.ledger.submit({
          kind: 'charge',
          walletId: walletId(who),
          owner: who,
          key: { id: crypto.randomUUID(), fingerprint: BigInt(key.length) },
          credits: micros(credits),
          action: undefined,
          description: undefined,
          catalogId: undefined,
        })
      await charge(120_500_000n, 'first')
      let isLost = true
      const losing = {
        name: shop.provider.name,
        postCredits: async (posting: Parameters<typeof shop.provider.postCredits>[0]) => {
          await shop.provider.postCredits(posting)
          if (isLost) throw new Error('the answer was lost')
        },
      }
      const input = {
        database,
        provider: losing,
        catalog: () => catalog,
        newId: shop.ledger.context.newId,
        log: silent,
      }
      // As in a crash: the posting arrived, and nobody here knows.
      await expect(mirrorOnce(input)).rejects.toThrow('the answer was lost')
      expect(Number(await atDodo())).toBe(379.5)
      isLost = false
      expect(await mirrorOnce(input)).toBeGreaterThan(0)
      expect(Number(await atDodo())).toBe(379.5)
      await charge(79_500_000n, 'second one')
      await mirrorOnce(input)
      expect(Number(await atDodo())).toBe(300)
      expect(await mirrorOnce(input)).toBe(0)
    })

    test('credits that come while their purchase is being refunded come frozen, and are taken back', async () => {
      const who = owner()
      const { order: id, payment } = await buy(who)
      await send('payment.succeeded', payment)
      const refund = async (body: object) =>
        (await shop.request('POST', `/v1/orders/${id}/refunds`, body)).body
      expect(await refund({ unused: true })).toMatchObject({
        code: 'nothing_unused',
        detail: expect.stringContaining('have not arrived yet'),
      })
      const asked = await refund({ all: true })
      expect(asked).toMatchObject({ state: 'pending' })
      await send('credit.added', await creditAdded(payment))
      const { balance } = await shop.ledger.balance(who)
      expect([balance.available, balance.spendable].map(decimalFromCredits)).toEqual(['500', '0'])
      await fetch(`${shop.dodo.url}/_sandbox/refunds/${asked.provider_refund}/settle`, {
        method: 'POST',
        body: JSON.stringify({ outcome: 'succeeded' }),
      })
      await send('refund.succeeded', await dodo.refunds.retrieve(asked.provider_refund))
      expect(await available(who)).toBe('0')
    })
  },
)

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as unknown as Parameters<typeof mirrorOnce>[0]['log']
