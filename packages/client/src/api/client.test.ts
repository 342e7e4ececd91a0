import { expect, test } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { createClient } from '../index.ts'

function setUp(answer: () => Response) {
  const requests: { line: string; accept: string | null; body: string }[] = []
  const clock = new VirtualClock()
  const credits = createClient({
    url: 'http://tallystick.test',
    apiKey: 'tsk_test_fake',
    surroundings: clock,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      requests.push({
        line: `${request.method} ${pathname}${search}`,
        accept: request.headers.get('accept'),
        body: await request.text(),
      })
      return answer()
    },
  })
  return { clock, credits, requests }
}

test.each(['block', 'unblock'] as const)('%s says who decides, and why', async (verb) => {
  const customer = { id: 'ada', block: null }
  const { clock, credits, requests } = setUp(() => Response.json(customer))
  const decision = { actor: 'grace', reason: 'Stolen card' }
  expect(await clock.until(credits[verb]('ada', decision))).toEqual(customer)
  expect(requests).toEqual([
    {
      line: `POST /v1/customers/ada/${verb}`,
      accept: 'application/json, application/problem+json',
      body: JSON.stringify(decision),
    },
  ])
})

test('lots are asked for page by page, open ones alone where that is said', async () => {
  const page = { data: [], next_cursor: null }
  const { clock, credits, requests } = setUp(() => Response.json(page))
  expect(await clock.until(credits.lots('ada'))).toEqual(page)
  expect(await clock.until(credits.lots('ada', { open: true, limit: 100, cursor: 'abc' }))).toEqual(page)
  expect(requests.map(({ line }) => line)).toEqual([
    'GET /v1/customers/ada/lots',
    'GET /v1/customers/ada/lots?open=true&limit=100&cursor=abc',
  ])
})

// No text in UTF-8: a file is not decoded on its way.
const pdf = Uint8Array.from([0x25, 0x50, 0x44, 0x46, 0x2d, 0xff, 0xfe, 0x00, 0x80])

test('an invoice is the bytes that were sent', async () => {
  const { clock, credits, requests } = setUp(
    () => new Response(pdf, { headers: { 'content-type': 'application/pdf' } }),
  )
  expect(await clock.until(credits.invoice('ord_1'))).toEqual(pdf)
  expect(requests).toEqual([
    { line: 'GET /v1/orders/ord_1/invoice', accept: 'application/pdf, application/problem+json', body: '' },
  ])
})

test('what is no PDF is not taken for an invoice, and a refusal stays one', async () => {
  const html = setUp(() => new Response('<h1>Hello</h1>', { headers: { 'content-type': 'text/html' } }))
  await expect(html.clock.until(html.credits.invoice('ord_1'))).rejects.toMatchObject({
    code: 'unexpected_answer',
    message: expect.stringContaining('but not with application/pdf. Is http://tallystick.test'),
  })
  const problem = { status: 404, code: 'invoice_not_found', title: 'No invoice', detail: 'It is not paid.' }
  const none = setUp(
    () =>
      new Response(JSON.stringify(problem), {
        status: 404,
        headers: { 'content-type': 'application/problem+json' },
      }),
  )
  await expect(none.clock.until(none.credits.invoice('ord_1'))).rejects.toMatchObject({
    status: 404,
    code: 'invoice_not_found',
    detail: 'It is not paid.',
  })
})
