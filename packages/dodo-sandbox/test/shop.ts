import DodoPayments from 'dodopayments'
import { onTestFinished } from 'vitest'
import { type Delivery, type DodoSandbox, type DodoSandboxOptions, startDodoSandbox } from '../src/index.ts'
import { type ReceivedWebhook, startReceiver, type WebhookReceiver } from './receiver.ts'

export interface Shop {
  dodo: DodoSandbox
  /** The official SDK, unmodified, pointed at the sandbox. */
  client: DodoPayments
  clock: TestClock
}

/** Starts at the real time, for the official verifiers compare signatures with theirs, and moves when told. */
class TestClock {
  #now = Date.now()
  now = (): Date => new Date(this.#now)
  advance(ms: number): void {
    this.#now += ms
  }
}

/** A sandbox and an SDK for one test. Closing it twice is harmless, for tests that restart it. */
export async function openShop(options: DodoSandboxOptions = {}): Promise<Shop> {
  const clock = new TestClock()
  const dodo = await startDodoSandbox({ now: clock.now, ...options })
  onTestFinished(() => dodo.close())
  return { dodo, clock, client: clientOf(dodo) }
}

export function clientOf(dodo: Pick<DodoSandbox, 'url' | 'apiKey' | 'webhookSecret'>): DodoPayments {
  return new DodoPayments({ baseURL: dodo.url, bearerToken: dodo.apiKey, webhookKey: dodo.webhookSecret })
}

export async function openReceiver(port?: number): Promise<WebhookReceiver> {
  const receiver = await startReceiver(port)
  onTestFinished(() => receiver.close())
  return receiver
}

export async function makePack(client: DodoPayments, price = 4000): Promise<string> {
  const product = await client.products.create({
    name: 'Power',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price },
  })
  return product.product_id
}

/** A session for one Power pack, by Ada unless said otherwise. */
export async function makeSession(
  client: DodoPayments,
  input: Partial<DodoPayments.CheckoutSessionCreateParams> = {},
): Promise<{ session_id: string; checkout_url: string }> {
  const session = await client.checkoutSessions.create({
    product_cart: [{ product_id: await makePack(client), quantity: 1 }],
    customer: { email: 'ada@example.com', name: 'Ada Lovelace' },
    return_url: 'https://shop.example/thanks',
    ...input,
  })
  return { session_id: session.session_id, checkout_url: session.checkout_url ?? '' }
}

const goodCard = '4242 4242 4242 4242'
export const brokeCard = '4000 0000 0000 9995'

/** Sends the page's form, as a browser without scripts does. */
export function submitForm(checkoutUrl: string, fields: Record<string, string> = {}): Promise<Response> {
  return fetch(checkoutUrl, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html' },
    body: new URLSearchParams({
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      country: 'US',
      card_number: goodCard,
      expiry: '06 / 32',
      cvc: '123',
      ...fields,
    }),
  })
}

/** Sends the page's form, as its script does. */
export async function submitScript(checkoutUrl: string, fields: Record<string, string> = {}) {
  const response = await fetch(checkoutUrl, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      country: 'US',
      card_number: goodCard,
      expiry: '06 / 32',
      cvc: '123',
      ...fields,
    }),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

/** The token that a page's form carries. */
export function attemptIn(page: string): string {
  return /name="attempt" value="([^"]+)"/.exec(page)?.[1] ?? ''
}

/** Webhooks in the order of what they tell of: those that are sent at once may come in in any. */
export async function inOrder(
  { dodo }: Pick<Shop, 'dodo'>,
  received: readonly ReceivedWebhook[],
): Promise<ReceivedWebhook[]> {
  const response = await fetch(`${dodo.url}/_sandbox/deliveries?limit=500`)
  const newestFirst = ((await response.json()) as { items: Delivery[] }).items
  const age = ({ headers }: ReceivedWebhook) =>
    newestFirst.findIndex(({ webhook_id }) => webhook_id === headers['webhook-id'])
  return received.toSorted((one, other) => age(other) - age(one))
}

/** What a shop was told, in the order of what it tells of. */
export async function eventTypes(shop: Pick<Shop, 'dodo'>, receiver: WebhookReceiver): Promise<string[]> {
  const told = await inOrder(shop, receiver.received)
  return told.map(({ body }) => (JSON.parse(body) as { type: string }).type)
}
