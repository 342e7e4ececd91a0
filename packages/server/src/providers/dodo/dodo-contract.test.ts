/** Dodo Payments through its official SDK, over the local Dodo. */
import { randomBytes } from 'node:crypto'
import { type DodoSandbox, startDodoSandbox } from '@tallystick/dodo-sandbox'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProviderStage, ToldMessage } from '../contract/stage.contract.ts'
import { providerContract } from '../provider.contract.ts'
import { createDodoProvider } from './dodo-provider.ts'

const declinedCard = '4000 0000 0000 9995'
const endpoint = 'http://tallystick.test/v1/webhooks/dodo'

type Json = Record<string, unknown>

/** A local Dodo whose messages are kept instead of sent. */
async function openDodo() {
  const told: ToldMessage[] = []
  const dodo = await startDodoSandbox({
    webhooks: [{ url: endpoint }],
    fetch: async (input, init) => {
      const request = new Request(input, init)
      told.push({ headers: request.headers, rawBody: await request.text() })
      return new Response(null, { status: 200 })
    },
  })
  async function call(method: string, path: string, body?: object): Promise<Json> {
    const response = await fetch(`${dodo.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${dodo.apiKey}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Json)
  }
  async function lastTold(): Promise<ToldMessage> {
    await dodo.settle()
    const last = told.at(-1)
    if (last === undefined) throw new Error('Nothing was told.')
    return last
  }
  return { dodo, call, lastTold, close: () => dodo.close() }
}

const providerOf = (dodo: DodoSandbox, webhookSecrets: readonly string[] = dodo.webhookSecrets) =>
  createDodoProvider({ apiKey: dodo.apiKey, webhookSecrets, target: { baseUrl: dodo.url } })

async function openStage(): Promise<ProviderStage> {
  const { dodo, call, lastTold, close } = await openDodo()
  const provider = await providerOf(dodo)
  return {
    provider,
    close,
    async pay({ sessionId }) {
      await call('POST', `/_sandbox/sessions/${sessionId}/pay`, {})
      return lastTold()
    },
    async decline({ sessionId }) {
      await call('POST', `/_sandbox/sessions/${sessionId}/pay`, { card_number: declinedCard })
      return lastTold()
    },
    async saveMethod(productId) {
      const customer = await call('POST', '/customers', { email: 'ada@example.com', name: 'Ada' })
      const providerCustomerId = String(customer['customer_id'])
      const session = await call('POST', '/checkouts', {
        product_cart: [{ product_id: productId, quantity: 1 }],
        customer: { customer_id: providerCustomerId },
      })
      await call('POST', `/_sandbox/sessions/${String(session['session_id'])}/pay`, { save_card: true })
      const { items } = await call('GET', `/customers/${providerCustomerId}/payment-methods`)
      const [method] = items as Json[]
      return { providerCustomerId, methodId: String(method?.['payment_method_id']) }
    },
    async endCharge(paymentId) {
      await call('POST', `/_sandbox/payments/${paymentId}/settle`, { outcome: 'succeeded' })
    },
    async settleRefund(refundId, outcome) {
      await call('POST', `/_sandbox/refunds/${refundId}/settle`, { outcome })
      return lastTold()
    },
    async openDispute(paymentId) {
      const { dispute_id: disputeId } = await call('POST', `/_sandbox/payments/${paymentId}/dispute`, {})
      return { disputeId: String(disputeId), told: await lastTold() }
    },
    async decideDispute(disputeId, state) {
      await call('POST', `/_sandbox/disputes/${disputeId}/decide`, { decision: 'challenge' })
      await lastTold()
      await call('POST', `/_sandbox/disputes/${disputeId}/decide`, {
        decision: state === 'won' ? 'win' : 'lose',
      })
      return lastTold()
    },
    async putDiscount(code, basisPoints) {
      await call('POST', '/discounts', { code, type: 'percentage', amount: basisPoints })
    },
    async putProduct({ amountMinor, currency }, { isTaxInclusive } = { isTaxInclusive: false }) {
      const product = await call('POST', '/products', {
        name: 'Made by hand',
        price: {
          type: 'one_time_price',
          currency,
          price: Number(amountMinor),
          discount: 0,
          purchasing_power_parity: false,
          tax_inclusive: isTaxInclusive,
        },
        tax_category: 'saas',
      })
      return String(product['product_id'])
    },
    async adaptCurrencies() {
      await call('PATCH', '/_sandbox/settings', { adaptive_currency: true })
    },
    async loseAnswer(making) {
      const route = making === 'refund' ? 'POST /refunds' : 'POST /products'
      await call('POST', '/_sandbox/faults', { rules: [{ kind: 'lost_answer', route, count: 1 }] })
    },
    async limitRate(requests) {
      await call('POST', '/_sandbox/faults', { rules: [{ kind: 'rate_limited', count: requests }] })
    },
    async goAway() {
      await call('POST', '/_sandbox/faults', {
        rules: [{ kind: 'server_error', per_thousand: 1000 }],
      })
      return async () => {
        await call('DELETE', '/_sandbox/faults')
      }
    },
  }
}

describe('Dodo Payments', () => {
  providerContract(openStage)

  test('while a secret is being replaced both are believed, on whichever side it is replaced first', async () => {
    const { dodo, call, lastTold, close } = await openDodo()
    onTestFinished(close)
    const old = dodo.webhookSecret ?? ''
    const { data } = await call('GET', '/webhooks')
    const [{ id } = { id: '' }] = data as { id: string }[]
    const sell = async () => {
      const provider = await providerOf(dodo, [old])
      const productId = await provider.ensureProduct(
        {
          pack: 'power',
          name: 'Power',
          price: { amountMinor: 4000n, currency: 'USD' },
          chosenAmount: undefined,
          adopted: undefined,
        },
        undefined,
      )
      const session = await call('POST', '/checkouts', {
        product_cart: [{ product_id: productId, quantity: 1 }],
      })
      await call('POST', `/_sandbox/sessions/${String(session['session_id'])}/pay`, {})
      return lastTold()
    }
    const before = await sell()
    await call('POST', `/_sandbox/webhooks/${id}/rotate-secret`)
    const { secret } = await call('GET', `/webhooks/${id}/secret`)
    const during = await sell()
    await dodo.advance(25 * 3_600_000)
    const after = await sell()
    const next = String(secret)
    const believes = async (secrets: readonly string[]) => {
      const provider = await providerOf(dodo, secrets)
      return [before, during, after].map(({ headers, rawBody }) => {
        try {
          return provider.verifyWebhook(headers, rawBody).messageId === headers.get('webhook-id')
        } catch {
          return false
        }
      })
    }
    expect(await believes([old])).toEqual([true, true, false])
    expect(await believes([next])).toEqual([false, true, true])
    expect(await believes([old, next])).toEqual([true, true, true])
    expect(await believes([`whsec_${randomBytes(24).toString('base64')}`])).toEqual([false, false, false])
  })
})
