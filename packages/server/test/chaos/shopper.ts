/**
 * One customer's purchase, from the wish to whatever becomes of the money: all that a browser, an app's server and an operator at Dodo do. It goes on
 * whatever breaks: what was not answered is asked again, under its key.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { DodoSandbox } from '@tallystick/dodo-sandbox'
import type { Random } from '../crash/random.ts'

export interface Shop {
  readonly dodo: Pick<DodoSandbox, 'url'>
  readonly apiKey: string
  /** Where the server is now: it is killed and comes back elsewhere. */
  url(): string
  readonly random: Random
}

/** What a purchase did, as far as the one who did it knows. Counted, and never believed: the audit asks Dodo. */
export interface Bought {
  readonly order: string
  readonly pack: string
  readonly quantity: number
  paid: boolean
  refunds: number
  disputes: number
  /** A dispute after a refund of the same payment. */
  refundThenDispute: boolean
}

const packs = ['starter', 'power', 'pro', 'granted'] as const
const countries = ['US', 'DE', 'GB', 'IN'] as const
const goodCard = '4242424242424242'
const emptyCard = '4000000000009995'

export async function buyAndMore(shop: Shop, number: number): Promise<Bought> {
  const { random } = shop
  const pack = random.oneOf(packs)
  const quantity = random.chance(3) ? 1 + random.below(3) : 1
  // A quarter of the customers come back.
  const regular = random.chance(4) ? `customer_${random.below(40)}` : undefined
  const newcomer = `customer_${1000 + number}`
  const asRegular =
    regular === undefined ? undefined : await openCheckout(shop, { customer: regular, pack, quantity })
  // Whoever disputes a payment can buy nothing more: somebody else comes.
  const order = asRegular ?? (await openCheckout(shop, { customer: newcomer, pack, quantity }))
  if (order === undefined) throw new Error(`The newcomer ${newcomer} cannot buy.`)
  const customer = asRegular === undefined ? newcomer : (regular ?? newcomer)
  const bought: Bought = {
    order: order.id,
    pack,
    quantity,
    paid: false,
    refunds: 0,
    disputes: 0,
    refundThenDispute: false,
  }
  // Some look at the checkout and go.
  if (random.chance(30)) return bought
  const payment = await pay(shop, order.session, customer)
  bought.paid = true
  if (random.chance(3)) await spend(shop, customer, 20 + random.below(80))
  const draw = random.below(100)
  if (draw < 14) bought.refunds += await refundAtDodo(shop, payment, 'part')
  else if (draw < 20) bought.refunds += await refundAtDodo(shop, payment, 'all')
  else if (draw < 30) bought.refunds += await refundHere(shop, order.id)
  else if (draw < 42) bought.disputes += await dispute(shop, payment)
  else if (draw < 49) {
    bought.refunds += await refundAtDodo(shop, payment, 'part')
    bought.disputes += await dispute(shop, payment)
    bought.refundThenDispute = bought.refunds > 0 && bought.disputes > 0
  }
  return bought
}

interface Opened {
  readonly id: string
  readonly session: string
}

/** Sometimes the button is clicked twice. Undefined for who is blocked. */
async function openCheckout(
  shop: Shop,
  wish: { readonly customer: string; readonly pack: string; readonly quantity: number },
): Promise<Opened | undefined> {
  const { random } = shop
  const body = {
    ...wish,
    return_url: 'http://localhost:3000/back',
    ...(random.chance(3) ? { billing_country: random.oneOf(countries) } : {}),
    ...(wish.pack !== 'granted' && random.chance(8) ? { discount_code: 'TENOFF' } : {}),
  }
  const key = randomUUID()
  const ask = () => askServer(shop, 'POST', '/v1/checkouts', body, key)
  const answered = random.chance(10) ? await Promise.all([ask(), ask()]) : [await ask()]
  // A dispute may be opened between two clicks.
  const answers = answered.filter(({ code }) => code !== 'customer_blocked')
  const [first] = answers
  if (first === undefined) return undefined
  if (answers.some(({ id }) => id !== first['id']))
    throw new Error(`One intent gave several orders: ${JSON.stringify(answers)}`)
  // Of two sessions that were made, one is kept: the customer is shown that one.
  const kept = await askServer(shop, 'GET', `/v1/orders/${String(first['id'])}`)
  return { id: String(kept['id']), session: String(kept['provider_session']) }
}

async function pay(shop: Shop, session: string, customer: string): Promise<string> {
  const { random } = shop
  const form = (card: string) => ({
    card_number: card,
    email: `${customer}@example.com`,
    name: customer,
    country: random.oneOf(countries),
  })
  if (random.chance(5)) await askDodo(shop, `/_sandbox/sessions/${session}/pay`, form(emptyCard))
  const twice = random.chance(12) ? 2 : 1
  const attempts = await Promise.all(
    Array.from({ length: twice }, () => askDodo(shop, `/_sandbox/sessions/${session}/pay`, form(goodCard))),
  )
  const paid = attempts.find((payment) => payment?.['status'] === 'succeeded')
  if (paid === undefined) throw new Error(`The card was not charged: ${JSON.stringify(attempts)}`)
  return String(paid['payment_id'])
}

async function spend(shop: Shop, customer: string, credits: number): Promise<void> {
  // Whether the credits are there yet is not waited for: a refusal is an answer too.
  await askServer(shop, 'POST', '/v1/charges', { customer, credits: String(credits) }, randomUUID())
}

/** From Dodo's dashboard. Answers how many were made. */
async function refundAtDodo(shop: Shop, payment: string, how: 'part' | 'all'): Promise<number> {
  const { random } = shop
  const parts = how === 'part' && random.chance(3) ? 2 : 1
  let made = 0
  for (let part = 0; part < parts; part += 1) {
    const body = how === 'part' ? { amount: 100 + random.below(300) } : {}
    // One after the other: Dodo has one under way at a time.
    // oxlint-disable-next-line no-await-in-loop
    const refund = await askDodo(shop, `/_sandbox/payments/${payment}/refund`, body)
    if (refund === undefined) continue
    made += 1
    // oxlint-disable-next-line no-await-in-loop
    await askDodo(shop, `/_sandbox/refunds/${String(refund['refund_id'])}/settle`, {
      outcome: random.chance(15) ? 'failed' : 'succeeded',
    })
  }
  return made
}

/** As an operator of the app asks Tallystick for it. */
async function refundHere(shop: Shop, order: string): Promise<number> {
  const body = { all: true, reason: 'asked for', actor: 'chaos' }
  const answer = await askServer(shop, 'POST', `/v1/orders/${order}/refunds`, body, randomUUID())
  return answer['code'] === undefined ? 1 : 0
}

async function dispute(shop: Shop, payment: string): Promise<number> {
  const { random } = shop
  const isRapid = random.chance(4)
  const opened = await askDodo(shop, `/_sandbox/payments/${payment}/dispute`, {
    stage: isRapid ? 'pre_dispute' : 'dispute',
    reason: 'fraudulent',
  })
  if (opened === undefined) return 0
  const decisions = isRapid
    ? ['resolve_by_rdr']
    : random.oneOf([['accept'], ['cancel'], ['challenge', 'win'], ['challenge', 'lose'], ['challenge']])
  for (const decision of decisions) {
    // oxlint-disable-next-line no-await-in-loop
    await delay(random.below(400))
    // oxlint-disable-next-line no-await-in-loop
    await askDodo(shop, `/_sandbox/disputes/${String(opened['dispute_id'])}/decide`, { decision })
  }
  return 1
}

type Json = Record<string, unknown>

/** Asks until it is answered: a server that was killed says nothing, and one that cannot reach Dodo says 503. */
async function askServer(
  shop: Shop,
  method: string,
  path: string,
  body?: object,
  key?: string,
): Promise<Json> {
  const triesMax = 400
  for (let tries = 0; tries < triesMax; tries += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop
      const response = await fetch(`${shop.url()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${shop.apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(40_000),
      })
      // oxlint-disable-next-line no-await-in-loop
      const answer = (await response.json()) as Json
      if (response.status < 500 && response.status !== 429) return answer
    } catch {
      // Killed, or not back yet.
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(100)
  }
  throw new Error(`${method} ${path} was never answered: ${JSON.stringify(body)}`)
}

/** The control routes of the local Dodo: no fault comes between. Undefined when it refuses, as when another refund is under way. */
async function askDodo(shop: Shop, path: string, body: object): Promise<Json | undefined> {
  const response = await fetch(`${shop.dodo.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as Json
  return response.ok ? answer : undefined
}
