import { z } from '@hono/zod-openapi'
import { describe, expect, test } from 'vitest'
import { creditsFromDecimal, decimalFromCredits } from '../kernel/credits.ts'
import { Fault, invariant, refusal } from '../kernel/refusal.ts'
import { createLogger } from '../observability/logger.ts'
import { createApp } from './app.ts'
import { openApiDocument } from './openapi.ts'
import { decodeCursor, encodeCursor, pageQuery } from './page.ts'
import { route } from './route.ts'
import { creditsInputSchema, creditsSchema, customerIdSchema, instantInputSchema } from './wire.ts'

const forbidden = refusal({
  code: 'unauthorized',
  status: 401,
  title: 'No key',
  detail: () => 'Send a key.',
  help: 'Keys are secret.',
})
const tooThick = refusal({
  code: 'too_thick',
  status: 409,
  title: 'Too thick',
  detail: (facts: { thicknessMax: number }) => `At most ${facts.thicknessMax}.`,
  help: 'Use a thinner one.',
})

const routes = [
  route({
    method: 'POST',
    path: '/v1/sticks/{customer}',
    id: 'cutStick',
    tag: 'Sticks',
    summary: 'Cuts a stick',
    keyed: true,
    params: z.strictObject({ customer: customerIdSchema }),
    body: z.strictObject({
      credits: creditsInputSchema,
      notches: z.int().min(1).optional(),
      until: instantInputSchema.optional(),
    }),
    answer: z.object({ customer: z.string(), credits: creditsSchema, key: z.string() }),
    refusals: [tooThick],
    handle: async ({ params, body, idempotencyKey }) => {
      if (body.notches === 13) invariant(false, 'no stick has thirteen notches')
      if (body.notches === 14)
        throw new Fault('forest_away', 'The forest does not answer.', { retryable: true })
      if (body.credits === creditsFromDecimal('99')) throw tooThick({ thicknessMax: 98 })
      return {
        customer: params.customer,
        credits: decimalFromCredits(body.credits),
        key: idempotencyKey,
      }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sticks',
    id: 'listSticks',
    tag: 'Sticks',
    summary: 'Lists sticks',
    query: z.strictObject(pageQuery),
    answer: z.object({ limit: z.int().nullable() }),
    refusals: [],
    handle: ({ query }) => ({ limit: query.limit ?? null }),
  }),
  route({
    method: 'POST',
    path: '/v1/marks',
    id: 'receiveMark',
    tag: 'Marks',
    summary: 'Takes a signed mark',
    access: 'open',
    raw: true,
    body: z.looseObject({}),
    answer: z.object({ bytes: z.int() }),
    refusals: [],
    handle: ({ rawBody }) => ({ bytes: rawBody.length }),
  }),
]

const lines: string[] = []
const app = createApp({
  routes,
  authenticate: (headers) => {
    if (headers.get('authorization') !== 'Bearer tsk_test_secret') throw forbidden({})
  },
  log: createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } }),
  newRequestId: () => 'req_1',
  nowMs: () => 0,
})

interface Sent {
  readonly method?: string
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Record<string, string | undefined>
}

interface Answered {
  readonly code?: string
  readonly hint?: string
  readonly issues?: readonly { readonly path: string; readonly message: string }[]
}

async function send(path: string, { method = 'POST', body, text, headers = {} }: Sent = {}) {
  const all = {
    authorization: 'Bearer tsk_test_secret',
    'content-type': 'application/json',
    'idempotency-key': 'k1',
    ...headers,
  }
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const request = new Request(`http://t${path}`, {
    method,
    headers: present,
    ...(payload === undefined ? {} : { body: payload }),
  })
  const response = await app.fetch(request)
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answered }
}

const stick = '/v1/sticks/user_1'

describe('a request', () => {
  test('that is right reaches its handler with parsed values', async () => {
    expect(await send(stick, { body: { credits: '12.50' } })).toMatchObject({
      status: 200,
      json: { customer: 'user_1', credits: '12.5', key: 'k1' },
    })
  })

  test.each(['a/b', 'a%2Fb', '100%', '%25', 'ü 木 😀', '?x=1&y#z', 'a+b', ' ', '\n', '~', '😀'.repeat(255)])(
    'carries the customer id %j byte for byte',
    async (id) => {
      const { json } = await send(`/v1/sticks/${encodeURIComponent(id)}`, { body: { credits: 1 } })
      expect(json).toMatchObject({ customer: id })
    },
  )

  test.each([
    ['a'.repeat(256), 'must have 1 to 255 characters.'],
    ['a%00b', 'must be well-formed Unicode'],
    ['%ff', 'is not percent-encoded UTF-8.'],
  ])('whose customer id is %j is refused', async (id, message) => {
    const { status, json } = await send(`/v1/sticks/${id}`, { body: { credits: 1 } })
    expect(status).toBe(400)
    expect(json.issues?.[0]?.message).toContain(message)
  })

  test('names all its unknown and missing fields, and what to write', async () => {
    const { status, headers, json } = await send(stick, {
      body: { notchs: 1, notches: 'two', until: 'tomorrow' },
    })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(json).toMatchObject({ code: 'invalid_request', status: 400, instance: 'req_1' })
    expect(json.issues).toEqual([
      { path: 'credits', message: 'is missing; it must be a string or a number.' },
      { path: 'notches', message: 'must be a number, not a string.' },
      {
        path: 'until',
        message: 'must be an instant in ISO 8601 with its zone: "2026-11-22T12:00:00Z".',
      },
      {
        path: 'notchs',
        message:
          'is not a known field; remove it or correct its name. Known fields here: credits, notches, until.',
      },
    ])
  })

  test.each([
    [0.5, 'is the fraction 0.5, and a number with a fraction is not exact: write it as text, "0.5".'],
    ['-1', 'must be a decimal without sign, with at most six decimals, written as text: "12.5".'],
    ['1.0000001', 'must be a decimal without sign, with at most six decimals, written as text: "12.5".'],
    ['99999999999999999999', 'must be at most 1000000000000.'],
    ['1000000000000.000001', 'must be at most 1000000000000.'],
    [1e20, 'must be at most 1000000000000.'],
    [true, 'must be a string or a number, not a boolean.'],
  ])('that says credits: %j learns how to write credits', async (credits, message) => {
    const { json } = await send(stick, { body: { credits } })
    expect(json.issues).toEqual([{ path: 'credits', message }])
  })

  test('with a query that is wrong is refused by the name of the parameter', async () => {
    const { json } = await send('/v1/sticks?limit=0&limt=3', { method: 'GET' })
    expect(json.issues?.map((issue) => issue.path)).toEqual(['query.limit', 'query.limt'])
  })

  test('without an idempotency key is told to send one, also when it is too long', async () => {
    for (const key of [undefined, ' ', 'k'.repeat(256)]) {
      const { status, json } = await send(stick, {
        body: { credits: 1 },
        headers: { 'idempotency-key': key },
      })
      expect(status).toBe(400)
      expect(json).toMatchObject({
        code: 'idempotency_key_required',
        detail: expect.stringContaining('Send the header Idempotency-Key'),
      })
    }
  })

  test('without a secret key is refused before its body is looked at', async () => {
    const { status, headers, json } = await send(stick, {
      text: '{',
      headers: { authorization: undefined },
    })
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toBe('Bearer')
    expect(json.code).toBe('unauthorized')
  })

  test('whose body is no JSON, no UTF-8, no JSON type or too large says so', async () => {
    expect((await send(stick, { text: '{"credits": 1,}' })).json).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('The body is not JSON'),
    })
    expect(
      (await send(stick, { text: 'a=b', headers: { 'content-type': 'text/plain' } })).json,
    ).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
      content_type: 'text/plain',
    })
    const large = { credits: '1', padding: 'x'.repeat(1024 * 1024) }
    expect((await send(stick, { body: large })).json).toMatchObject({
      status: 413,
      code: 'body_too_large',
    })
    const notUtf8 = await app.fetch(
      new Request('http://t/v1/marks', { method: 'POST', body: new Uint8Array([0xff, 0xfe]) }),
    )
    expect(await notUtf8.json()).toMatchObject({ status: 400, detail: 'The body is not UTF-8.' })
  })

  test('to nowhere gets a problem with a hint', async () => {
    expect((await send('/sticks/user_1')).json).toMatchObject({
      status: 404,
      code: 'not_found',
      detail: expect.stringContaining('Did you mean POST /v1/sticks/{customer}?'),
    })
    expect((await send('/billing/v1/sticks', { method: 'GET' })).json.hint).toContain('mounted under a path')
  })

  test('with the wrong method learns the right one', async () => {
    const { status, headers, json } = await send('/v1/sticks/user_1', { method: 'DELETE' })
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe('POST')
    expect(json).toMatchObject({ code: 'method_not_allowed', allowed: ['POST'] })
  })

  test('for a raw route hands over the bytes and needs no key', async () => {
    const text = '{ "a" :1}'
    expect(
      (await send('/v1/marks', { text, headers: { authorization: undefined, 'idempotency-key': undefined } }))
        .json,
    ).toEqual({ bytes: text.length })
  })
})

describe('an error', () => {
  test('that is a refusal answers its status, its code and its facts in snake_case', async () => {
    expect((await send(stick, { body: { credits: 99 } })).json).toEqual({
      type: 'urn:tallystick:problem:too_thick',
      title: 'Too thick',
      status: 409,
      detail: 'At most 98.',
      instance: 'req_1',
      code: 'too_thick',
      thickness_max: 98,
    })
  })

  test('that is a fault says to try again', async () => {
    const { status, headers, json } = await send(stick, { body: { credits: 1, notches: 14 } })
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('1')
    expect(json.code).toBe('forest_away')
  })

  test('that is a bug tells the caller the request id and the log the rest', async () => {
    lines.length = 0
    const { status, headers, json } = await send(stick, {
      body: { credits: 1, notches: 13 },
      headers: { 'x-request-id': 'mine-7' },
    })
    expect(status).toBe(500)
    expect(json).toMatchObject({ code: 'internal_error', instance: 'mine-7' })
    expect(headers.get('x-request-id')).toBe('mine-7')
    expect(JSON.stringify(json)).not.toContain('thirteen')
    const logged = lines.join('')
    expect(logged).toContain('no stick has thirteen notches')
    expect(logged).toContain('mine-7')
    expect(logged).not.toContain('tsk_test_secret')
  })
})

test('a cursor comes back as it went, and another text is refused', () => {
  expect(decodeCursor(encodeCursor(['a', 3]), z.string(), z.int())).toEqual(['a', 3])
  expect(() => decodeCursor('garbage', z.string())).toThrow('next_cursor')
})

test('the document names every refusal of a route, and the unknown field is closed', () => {
  const document = openApiDocument(routes, {
    title: 'Sticks',
    version: '1',
    description: '',
    unauthorized: forbidden,
  })
  const cut = document.paths?.['/v1/sticks/{customer}']?.post
  expect(Object.keys(cut?.responses ?? {})).toEqual(['200', '400', '401', '409', '413', '415', '500', '503'])
  expect(JSON.stringify(cut?.responses?.['409'])).toContain('too_thick')
  expect(cut?.requestBody).toMatchObject({
    content: { 'application/json': { schema: { additionalProperties: false, required: ['credits'] } } },
  })
  expect(document.paths?.['/v1/marks']?.post?.security).toEqual([])
})
