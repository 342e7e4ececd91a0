import { expect, test } from 'vitest'
import {
  attemptIn,
  brokeCard,
  eventTypes,
  makePack,
  makeSession,
  openReceiver,
  openShop,
  type Shop,
  submitForm,
  submitScript,
} from '../../test/shop.ts'

const dayMs = 24 * 60 * 60 * 1000

/** A card's date as people type it. */
function write(date: Date): string {
  return `${String(date.getUTCMonth() + 1).padStart(2, '0')}/${String(date.getUTCFullYear()).slice(2)}`
}

async function payments(shop: Shop) {
  return (await shop.client.payments.list({ page_number: 0, page_size: 100 })).items
}

async function pageOf(url: string): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(url, { headers: { accept: 'text/html' } })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

test('the page shows what is bought and what it costs, and says that no money moves', async () => {
  const { client } = await openShop()
  const pack = await makePack(client, 4000)
  const { checkout_url } = await makeSession(client, {
    product_cart: [{ product_id: pack, quantity: 3 }],
    cancel_url: 'https://shop.example/packs',
  })
  const { status, text, headers } = await pageOf(checkout_url)
  expect(status).toBe(200)
  expect(text).toContain('Local Dodo</strong> · test mode · no money moves')
  expect(text).toContain('$120.00')
  expect(text).toContain('$40.00 each')
  expect(text).toContain('href="https://shop.example/packs"')
  expect(text).toMatch(/name="email"[^>]*value="ada@example.com"/)
  expect(text).toMatch(/name="name"[^>]*value="Ada Lovelace"/)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('what shops and customers type is shown as text', async () => {
  const { client } = await openShop()
  const product = await client.products.create({
    name: '<script>alert(1)</script>',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 4000 },
  })
  const { checkout_url } = await makeSession(client, {
    product_cart: [{ product_id: product.product_id, quantity: 1 }],
    customer: null,
  })
  const answer = await submitForm(checkout_url, { name: '"><img src=x>', card_number: brokeCard })
  const text = await answer.text()
  expect(text).not.toContain('<script>alert')
  expect(text).not.toContain('<img')
  expect(text).toContain('&lt;script&gt;')
})

test('a form that was paid goes back to the shop with the payment and its status', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client, {
    return_url: 'https://shop.example/thanks?from=dodo#top',
  })
  const answer = await submitForm(checkout_url)
  expect(answer.status).toBe(303)
  const [payment] = await payments(shop)
  expect(answer.headers.get('location')).toBe(
    `https://shop.example/thanks?from=dodo&payment_id=${payment?.payment_id}&status=succeeded#top`,
  )
})

test('without a return_url the page itself says that it is paid', async () => {
  const { client } = await openShop()
  const { checkout_url } = await makeSession(client, { return_url: null })
  const answer = await submitForm(checkout_url)
  expect(answer.status).toBe(303)
  const page = await pageOf(new URL(answer.headers.get('location') ?? '', checkout_url).href)
  expect(page.text).toContain('Payment received')
})

test('a declined card is said in the form, and the next card pays in the same session as another payment', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { checkout_url } = await makeSession(shop.client)
  const form = await pageOf(checkout_url)
  const declined = await submitForm(checkout_url, { card_number: brokeCard, attempt: attemptIn(form.text) })
  const page = await declined.text()
  expect(declined.status).toBe(402)
  expect(page).toMatch(/role="alert"\s*>The card has insufficient funds/)
  expect(page, 'card details are not sent back').not.toMatch(/name="card_number"[^>]*value="[^"]/)
  expect(attemptIn(page), 'the next press is another attempt').not.toBe(attemptIn(form.text))

  const paid = await submitForm(checkout_url, { attempt: attemptIn(page) })
  expect(paid.status).toBe(303)
  const made = await payments(shop)
  expect(made.map((payment) => payment.status)).toEqual(['succeeded', 'failed'])
  expect(new Set(made.map((payment) => payment.customer.customer_id)).size, 'it is one customer').toBe(1)
  await shop.dodo.settle()
  expect(await eventTypes(shop, receiver)).toEqual(['payment.failed', 'payment.succeeded'])
})

test('a double click makes one payment, with and without a script, declined or not', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const paid = await makeSession(shop.client)
  const attempt = attemptIn((await pageOf(paid.checkout_url)).text)
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => submitScript(paid.checkout_url, { attempt })),
  )
  expect(new Set(answers.map(({ answer }) => answer['payment_id'])).size).toBe(1)
  const forms = await Promise.all([
    submitForm(paid.checkout_url, { attempt }),
    submitForm(paid.checkout_url, { attempt }),
  ])
  expect(forms.map((form) => form.status)).toEqual([303, 303])
  expect(await payments(shop)).toHaveLength(1)

  const broke = await makeSession(shop.client)
  const other = attemptIn((await pageOf(broke.checkout_url)).text)
  await Promise.all([
    submitScript(broke.checkout_url, { attempt: other, card_number: brokeCard }),
    submitScript(broke.checkout_url, { attempt: other, card_number: brokeCard }),
  ])
  expect(await payments(shop)).toHaveLength(2)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(2)
})

test('two tabs that pay one session make one payment', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client)
  const answers = await Promise.all([
    submitScript(checkout_url, { attempt: 'att_one' }),
    submitScript(checkout_url, { attempt: 'att_two' }),
  ])
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  expect(answers.find(({ status }) => status === 409)?.answer['code']).toBe('CHECKOUT_SESSION_CONSUMED')
  expect(await payments(shop)).toHaveLength(1)
})

test('a paid session shows that it is paid, and takes nothing more', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client)
  await submitForm(checkout_url)
  const page = await pageOf(checkout_url)
  expect(page.text).toContain('This checkout is paid and cannot be used again')
  expect(page.text).toContain('https://shop.example/thanks?payment_id=')
  expect(page.text).not.toContain('<form')
  expect(await (await submitForm(checkout_url)).text()).toContain('This checkout is paid')
  expect(await payments(shop)).toHaveLength(1)
})

test('a session lives for 24 hours; after that it says what to do, and charges nothing', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client)
  shop.clock.advance(dayMs - 1)
  expect((await pageOf(checkout_url)).status).toBe(200)
  shop.clock.advance(1)
  const page = await pageOf(checkout_url)
  expect(page.status).toBe(410)
  expect(page.text).toContain('This checkout has expired')
  expect((await submitForm(checkout_url)).status).toBe(410)
  expect((await submitScript(checkout_url)).answer['code']).toBe('CHECKOUT_SESSION_EXPIRED')
  expect(await payments(shop)).toEqual([])
})

test('a session nobody made says so', async () => {
  const { dodo } = await openShop()
  for (const path of ['/session/cks_nowhere', '/overlay/session/cks_nowhere']) {
    const page = await pageOf(`${dodo.url}${path}`)
    expect(page.status).toBe(404)
    expect(page.text).toContain('No such checkout')
  }
})

test('a form that is filled in wrongly says where, keeps what was typed, and makes no payment', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client, { customer: null })
  const wrong = {
    email: 'ada',
    name: ' ',
    country: 'XX',
    card_number: '4242 4242 4242 4241',
    expiry: '13 / 32',
    cvc: '12',
  }
  const answer = await submitForm(checkout_url, wrong)
  expect(answer.status).toBe(422)
  const text = await answer.text()
  const marked = Object.keys(wrong).filter((name) =>
    new RegExp(`id="${name}"[^>]*aria-describedby="${name}-error" aria-invalid="true"`).test(text),
  )
  expect(marked).toEqual(Object.keys(wrong))
  expect(text).toMatch(/name="email"[^>]*value="ada"/)
  const script = await submitScript(checkout_url, wrong)
  expect(Object.keys(script.answer['fields'] as object)).toEqual(Object.keys(wrong))
  expect(await payments(shop)).toEqual([])
})

test('a card is good to the end of its month', async () => {
  const { client, clock } = await openShop()
  const { checkout_url } = await makeSession(client)
  const now = clock.now()
  const before = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 2, 1))
  const expired = await submitScript(checkout_url, { expiry: write(before) })
  expect(expired.answer['fields']).toEqual({ expiry: 'This card has expired.' })
  expect((await submitScript(checkout_url, { expiry: write(now) })).answer['status']).toBe('succeeded')
})

test('a settled e-mail cannot be edited, unless the shop lets the customer', async () => {
  const shop = await openShop()
  const payer = async (feature_flags: { allow_customer_editing_email?: boolean }) => {
    const { checkout_url } = await makeSession(shop.client, { feature_flags })
    const page = await pageOf(checkout_url)
    await submitScript(checkout_url, { email: 'eve@example.com' })
    const locked = /name="email"[^>]*readonly/.test(page.text)
    return { locked, email: (await payments(shop))[0]?.customer.email }
  }
  expect(await payer({})).toEqual({ locked: true, email: 'ada@example.com' })
  expect(await payer({ allow_customer_editing_email: true })).toEqual({
    locked: false,
    email: 'eve@example.com',
  })
})

test('the overlay is a dialog with a way out, and posts to itself', async () => {
  const { client } = await openShop()
  const { session_id, checkout_url } = await makeSession(client)
  const url = checkout_url.replace('/session/', '/overlay/session/')
  const { status, text } = await pageOf(`${url}?manualRedirect=true&payButtonText=Buy`)
  expect(status).toBe(200)
  expect(text).toContain('role="dialog" aria-modal="true"')
  expect(text).toContain('aria-label="Close the checkout"')
  expect(text).toContain(`action="/overlay/session/${session_id}?manualRedirect=true"`)
  expect(text).toContain('data-manual-redirect="true"')
  expect(text).toMatch(/data-label>Buy</)
  const paid = await submitScript(url)
  expect(paid.answer).toEqual({
    status: 'succeeded',
    payment_id: expect.stringMatching(/^pay_/),
    redirect_to: expect.stringContaining('https://shop.example/thanks?payment_id=pay_'),
  })
})

test('a frame on an expired session is told to say so', async () => {
  const { client, clock } = await openShop()
  const { checkout_url } = await makeSession(client)
  clock.advance(dayMs)
  const { text } = await pageOf(checkout_url.replace('/session/', '/overlay/session/'))
  expect(text).toContain('data-event="checkout.link_expired"')
})

test('the inline form is the same form, sent to its own address', async () => {
  const { client } = await openShop()
  const { checkout_url } = await makeSession(client)
  const inline = checkout_url.replace('/session/', '/inline/session/')
  const { status, text } = await pageOf(inline)
  expect(status).toBe(200)
  expect(text).toContain(`action="${new URL(inline).pathname}"`)
  expect(text).not.toContain('data-close')
  expect((await submitScript(inline)).answer).toMatchObject({ status: 'succeeded' })
})

test('the stylesheet and the script are served', async () => {
  const { dodo } = await openShop()
  const style = await fetch(`${dodo.url}/_sandbox/assets/sandbox.css`)
  expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8')
  const script = await fetch(`${dodo.url}/_sandbox/assets/checkout.js`)
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})
