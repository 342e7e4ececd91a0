import { expect, test } from 'vitest'
import { makeSession, openReceiver, openShop, submitScript } from '../../../test/shop.ts'

test('the control page shows what happened, each webhook with body, signature and answer', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  expect(await (await fetch(dodo.url)).text()).toContain('None yet. A payment makes the first.')
  const { session_id, checkout_url } = await makeSession(client)
  const paid = await submitScript(checkout_url)
  await dodo.settle()
  const text = await (await fetch(dodo.url)).text()
  expect(text).toContain(String(paid.answer['payment_id']))
  expect(text).toContain(session_id)
  expect(text).toContain('ada@example.com')
  expect(text).toContain(`webhook-signature: ${receiver.received[0]?.headers['webhook-signature']}`)
  expect(text).toContain('{&quot;seen&quot;:true}')
  expect(text).toContain(`DODO_PAYMENTS_BASE_URL=${dodo.url}`)
  expect(text).toContain(`DODO_PAYMENTS_WEBHOOK_KEY=${dodo.webhookSecret}`)
})

test('its button sends a webhook again and comes back', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  await submitScript((await makeSession(client)).checkout_url)
  await dodo.settle()
  const action = /action="(\/_sandbox\/page\/deliveries\/[^"]+\/resend)"/.exec(
    await (await fetch(dodo.url)).text(),
  )?.[1]
  const answer = await fetch(`${dodo.url}${action}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
  })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/#deliveries'])
  expect(receiver.received).toHaveLength(2)
})

test('a session is paid without a browser', async () => {
  const { client, dodo } = await openShop()
  const { session_id } = await makeSession(client)
  const pay = async (body: object) =>
    (await (
      await fetch(`${dodo.url}/_sandbox/sessions/${session_id}/pay`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
    ).json()) as { status?: string; code?: string }
  expect((await pay({ card_number: '4000000000000002' })).status).toBe('failed')
  expect((await pay({})).status).toBe('succeeded')
  expect((await pay({})).code).toBe('CHECKOUT_SESSION_CONSUMED')
})
