import { expect, test } from 'vitest'
import { makeSession, openReceiver, openShop, type Shop, submitScript } from '../../../test/shop.ts'

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

test('what is older is on further pages of its part, each thing on one, and the other parts stay', async () => {
  const { client, dodo } = await openShop()
  const shown = async (path: string) => (await fetch(`${dodo.url}${path}`)).text()
  const made: string[] = []
  for (let n = 0; n < 51; n += 1)
    made.push((await client.customers.create({ email: `${n}@example.com`, name: `Ada ${n}` })).customer_id)
  const idsOn = (text: string) => made.filter((id) => text.includes(id))
  const linkIn = (text: string, name: string) =>
    new RegExp(`<a href="([^"]+)" rel="\\w+">${name}</a>`).exec(text)?.[1]?.replace('&amp;', '&')
  const first = await shown('/?products=2')
  expect(idsOn(first)).toEqual(made.slice(26))
  expect(first).not.toMatch(/Pages of (payments|sessions)/)
  const older = first.slice(first.indexOf('Pages of customers'))
  expect(linkIn(older, 'Newer')).toBeUndefined()
  expect(linkIn(older, 'Older')).toBe('/?products=2&customers=2#customers')
  const second = await shown('/?customers=2')
  expect(idsOn(second)).toEqual(made.slice(1, 26))
  expect(linkIn(second, 'Newer')).toBe('/#customers')
  expect(linkIn(second, 'Older')).toBe('/?customers=3#customers')
  const third = await shown('/?customers=3')
  expect(idsOn(third)).toEqual(made.slice(0, 1))
  expect(linkIn(third, 'Older')).toBeUndefined()
  for (const wrong of ['0', 'two', '-1', '1.5'])
    expect(idsOn(await shown(`/?customers=${wrong}`))).toEqual(made.slice(26))
})

test.each([
  ['sessions', (shop: Shop) => makeSession(shop.client)],
  ['deliveries', async (shop: Shop) => submitScript((await makeSession(shop.client)).checkout_url)],
] as const)('there are further pages of %s too', async (part, make) => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  for (let n = 0; n < 25; n += 1) await make(shop)
  const shown = async (page: number) => {
    const text = await (await fetch(`${shop.dodo.url}/?${part}=${page}`)).text()
    return text.slice(text.indexOf(`id="${part}"`)).split('</section>', 1)[0] ?? ''
  }
  expect(await shown(1)).not.toContain('Pages of')
  await make(shop)
  expect(await shown(1)).toContain(`href="/?${part}=2#${part}"`)
  expect((await shown(2)).match(/<li>/g)).toHaveLength(1)
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
