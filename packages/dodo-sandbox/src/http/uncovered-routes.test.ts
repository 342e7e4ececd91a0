import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { routesOfSdk } from '../../test/conformance/sdk-routes.ts'
import { openShop } from '../../test/shop.ts'
import { uncoveredRoutes } from './uncovered-routes.ts'

test('every route of the official SDK is covered, or answers 501 with a plain message', async () => {
  const { dodo } = await openShop()
  const answers = new Map<string, string[]>()
  const missing: string[] = []
  for (const route of routesOfSdk()) {
    const [method = '', path = ''] = route.split(' ')
    const response = await fetch(`${dodo.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${dodo.apiKey}` },
      ...(method === 'POST' || method === 'PATCH' || method === 'PUT' ? { body: '{}' } : {}),
    })
    const text = await response.text()
    const code = text === '' ? '' : (JSON.parse(text) as { code?: string; message?: string }).code
    const covered = response.status !== 501
    const kind = covered ? 'covered' : `501 ${code}`
    answers.set(kind, [...(answers.get(kind) ?? []), route])
    // A route that is not there at all says so of the route, not of the thing.
    if (text.includes(`There is no ${method} ${path}`)) missing.push(route)
  }
  expect(missing).toEqual([])
  expect([...answers.keys()].sort()).toEqual(['501 NOT_COVERED_BY_LOCAL_DODO', 'covered'])
  expect(answers.get('501 NOT_COVERED_BY_LOCAL_DODO')).toHaveLength(uncoveredRoutes.length)
})

test('the SDK raises a 501 at once, and does not repeat it', async () => {
  const { dodo } = await openShop()
  let requests = 0
  const client = new DodoPayments({
    baseURL: dodo.url,
    bearerToken: dodo.apiKey,
    fetch: (input, init) => {
      requests += 1
      return fetch(input, init)
    },
  })
  await expect(client.licenses.validate({ license_key: 'x' })).rejects.toMatchObject({
    status: 501,
    error: {
      code: 'NOT_COVERED_BY_LOCAL_DODO',
      message: 'The local Dodo does not cover POST /licenses/validate yet.',
    },
  })
  expect(requests).toBe(1)
})

test('a path that Dodo does not have is a 404', async () => {
  const { dodo } = await openShop()
  const response = await fetch(`${dodo.url}/nonsense`)
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({ code: 'NOT_FOUND', message: 'There is no GET /nonsense.' })
})

test('without the key, or with another, every route is a 401', async () => {
  const { dodo } = await openShop()
  const stranger = new DodoPayments({ baseURL: dodo.url, bearerToken: 'dodo_test_other' })
  await expect(stranger.products.list({ page_number: 0 })).rejects.toBeInstanceOf(
    DodoPayments.AuthenticationError,
  )
  await expect(stranger.refunds.retrieve('ref_x')).rejects.toMatchObject({
    status: 401,
    error: { code: 'UNAUTHORIZED' },
  })
  expect((await fetch(`${dodo.url}/payments`)).status).toBe(401)
})

test('a body that is no JSON is a 400', async () => {
  const { dodo } = await openShop()
  const response = await fetch(`${dodo.url}/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${dodo.apiKey}` },
    body: '{"email":',
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'INVALID_REQUEST_BODY' })
})

test('a body of megabytes is refused', async () => {
  const { dodo } = await openShop()
  const response = await fetch(`${dodo.url}/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${dodo.apiKey}` },
    body: 'x'.repeat(2_000_000),
  })
  expect(response.status).toBe(413)
})

test('the environment variables alone point the SDK here', async () => {
  const { dodo } = await openShop()
  process.env['DODO_PAYMENTS_BASE_URL'] = dodo.url
  process.env['DODO_PAYMENTS_API_KEY'] = dodo.apiKey
  try {
    expect((await new DodoPayments().products.list({ page_number: 0 })).items).toEqual([])
  } finally {
    delete process.env['DODO_PAYMENTS_BASE_URL']
    delete process.env['DODO_PAYMENTS_API_KEY']
  }
})
