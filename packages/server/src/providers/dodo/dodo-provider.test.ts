import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { idMaker } from '../../kernel/ids.ts'
import { createDodoProvider, type DodoOptions } from './dodo-provider.ts'

const secret = `whsec_${randomBytes(24).toString('base64')}`
const orderId = idMaker({ now: Date.now, randomBytes })()
const product = {
  pack: 'power',
  name: 'Power',
  price: { amountMinor: 4000n, currency: 'USD' },
  adopted: undefined,
  chosenAmount: undefined,
}
const checkout = {
  orderId,
  productId: 'pdt_1',
  quantity: 1,
  amountMinor: undefined,
  discountCode: undefined,
  billingCountry: undefined,
  customer: { email: undefined, name: undefined, providerCustomerId: undefined },
  returnUrl: 'http://localhost/',
  cancelUrl: undefined,
}

/** A provider whose calls are answered by `answer`, and what it sent. */
async function providerThatGets(
  answer: (request: Request) => Response | Promise<Response>,
  options: Partial<DodoOptions> = {},
) {
  const sent: Request[] = []
  const provider = await createDodoProvider({
    apiKey: 'dodo_test_secret',
    webhookSecrets: [secret],
    target: { environment: 'test_mode' },
    fetch: async (input, init) => {
      const request = new Request(input, init)
      sent.push(request.clone())
      return answer(request)
    },
    ...options,
  })
  return { provider, sent }
}

const refused = (status: number, code: string) =>
  Response.json({ code, message: `About ${code}.` }, { status })

afterEach(() => vi.unstubAllEnvs())

describe('calls to Dodo', () => {
  test('go where the settings say, whatever the environment says', async () => {
    vi.stubEnv('DODO_PAYMENTS_BASE_URL', 'http://elsewhere.invalid')
    vi.stubEnv('DODO_PAYMENTS_API_KEY', 'another')
    const { provider, sent } = await providerThatGets(() =>
      Response.json({
        session_id: 'cks_1',
        checkout_url: 'https://test.checkout.dodopayments.com/session/cks_1',
      }),
    )
    await provider.startCheckout(checkout)
    expect(sent.map(({ url }) => url)).toEqual(['https://test.dodopayments.com/checkouts'])
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer dodo_test_secret')
  })

  test("leave the customer out when no e-mail is known, for Dodo's form asks", async () => {
    const { provider, sent } = await providerThatGets(() =>
      Response.json({
        session_id: 'cks_1',
        checkout_url: 'https://test.checkout.dodopayments.com/session/cks_1',
      }),
    )
    await provider.startCheckout({ ...checkout, customer: { ...checkout.customer, name: 'Ada' } })
    expect(await sent[0]?.json()).not.toHaveProperty('customer')
  })

  test('never let a customer take a discount, for the price of an order is frozen', async () => {
    const { provider, sent } = await providerThatGets(() =>
      Response.json({ session_id: 'cks_1', checkout_url: 'https://test.checkout.dodopayments.com/s' }),
    )
    await provider.startCheckout(checkout)
    expect(await sent[0]?.json()).toMatchObject({ feature_flags: { allow_discount_code: false } })
  })

  test.each([
    ['a server error', () => refused(500, 'INTERNAL_SERVER_ERROR'), 'provider_unavailable', true],
    ['too many requests', () => refused(429, 'TOO_MANY_REQUESTS'), 'provider_unavailable', true],
    ['no connection', () => Promise.reject(new TypeError('fetch failed')), 'provider_unavailable', true],
    ['a wrong key', () => refused(401, 'UNAUTHORIZED'), 'provider_key_refused', false],
    ['a request it does not take', () => refused(422, 'UNSUPPORTED_CURRENCY'), 'provider_refused', false],
    [
      'a session without an address',
      () => Response.json({ session_id: 'cks_1', checkout_url: null }),
      'provider_refused',
      false,
    ],
  ])(
    'that end in %s make a fault that says whether to try again, and are not sent twice',
    async (_, answer, code, retryable) => {
      const { provider, sent } = await providerThatGets(answer)
      const failing = provider.startCheckout(checkout)
      await expect(failing).rejects.toMatchObject({ name: 'Fault', code, retryable })
      await expect(failing).rejects.not.toThrow(/dodo_test_secret/)
      expect(sent).toHaveLength(1)
    },
  )

  test('answer with text that Postgres can keep, and so do their refusals', async () => {
    const { provider } = await providerThatGets(({ method }) =>
      method === 'GET'
        ? Response.json({ refund_id: 'ref_1', payment_id: 'pay_1', status: 'succeeded', reason: 'a\0b' })
        : Response.json({ code: 'UNSUPPORTED', message: 'No\0pe' }, { status: 422 }),
    )
    expect(await provider.getRefund('ref_1')).toMatchObject({ reason: 'a\uFFFDb' })
    const failing = provider.startCheckout(checkout)
    await expect(failing).rejects.toMatchObject({ message: expect.stringContaining('pe') })
    await expect(failing).rejects.not.toThrow(/\0/)
  })

  test('make one product for two buyers at once, and ask no more for a while', async () => {
    let nowMs = 0
    const made = { product_id: 'pdt_new' }
    const { provider, sent } = await providerThatGets(
      ({ method, url }) => {
        if (method === 'POST') return Response.json(made)
        if (url.includes('/products/pdt_new'))
          return Response.json({ ...made, price: { type: 'one_time_price', price: 4000, currency: 'USD' } })
        return Response.json({ items: [] })
      },
      { nowMs: () => nowMs },
    )
    const ids = await Promise.all([
      provider.ensureProduct(product, undefined),
      provider.ensureProduct(product, undefined),
    ])
    expect(ids).toEqual(['pdt_new', 'pdt_new'])
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST'])
    expect(await sent[1]?.json()).toMatchObject({
      name: 'Power',
      price: { type: 'one_time_price', price: 4000, currency: 'USD' },
      tax_category: 'saas',
      metadata: { tallystick_pack: 'power', tallystick_fingerprint: provider.productFingerprint(product) },
    })
    await provider.ensureProduct(product, 'pdt_new')
    expect(sent).toHaveLength(2)
    nowMs += 10 * 60_000
    await provider.ensureProduct(product, 'pdt_new')
    expect(sent.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET'])
  })

  test('never sell a product whose price was edited at Dodo: another is made', async () => {
    const { provider, sent } = await providerThatGets(({ method, url }) => {
      if (method === 'POST') return Response.json({ product_id: 'pdt_new' })
      if (url.includes('/products/pdt_old'))
        return Response.json({
          product_id: 'pdt_old',
          price: { type: 'one_time_price', price: 100, currency: 'USD' },
        })
      return Response.json({ items: [] })
    })
    expect(await provider.ensureProduct(product, 'pdt_old')).toBe('pdt_new')
    expect(sent.at(-1)?.method).toBe('POST')
  })
})

test('another name, price, currency or tax category is another product', async () => {
  const { provider } = await providerThatGets(() => refused(500, 'X'))
  const { provider: books } = await providerThatGets(() => refused(500, 'X'), { taxCategory: 'e_book' })
  const fingerprints = [
    provider.productFingerprint(product),
    provider.productFingerprint({ ...product, name: 'Might' }),
    provider.productFingerprint({ ...product, price: { amountMinor: 4001n, currency: 'USD' } }),
    provider.productFingerprint({ ...product, price: { amountMinor: 4000n, currency: 'EUR' } }),
    books.productFingerprint(product),
  ]
  expect(new Set(fingerprints).size).toBe(fingerprints.length)
  expect(provider.productFingerprint({ ...product })).toBe(fingerprints[0])
})

test('a webhook secret that is none is refused at once, and not repeated', async () => {
  const wrong = providerThatGets(() => refused(500, 'X'), { webhookSecrets: ['whsec_not!base64'] })
  await expect(wrong).rejects.toMatchObject({ code: 'provider_settings_wrong' })
  await expect(wrong).rejects.not.toThrow(/not!base64/)
})
