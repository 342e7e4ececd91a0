import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { uncoveredRoutes } from '../../src/http/uncovered-routes.ts'
import { openShop } from '../shop.ts'
import { errands } from './errands.ts'
import { routeOfRequest, routesOfSdk } from './sdk-routes.ts'

test('every route of the official SDK that is not answered with 501 works when the SDK calls it', async () => {
  const routes = routesOfSdk()
  const uncovered = new Set(
    uncoveredRoutes.map(([method, path]) => `${method} ${path.replaceAll(/:\w+/g, 'x')}`),
  )
  const covered = routes.filter((route) => !uncovered.has(route))

  const called = new Set<string>()
  const { dodo, clock } = await openShop()
  const client = new DodoPayments({
    baseURL: dodo.url,
    bearerToken: dodo.apiKey,
    webhookKey: dodo.webhookSecret,
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      const route = routeOfRequest(routes, init?.method?.toUpperCase() ?? 'GET', pathname)
      if (response.ok && route !== undefined) called.add(route)
      return response
    },
  })
  for (const errand of Object.values(errands)) await errand({ dodo, client, clock })

  process.stdout.write(
    `${covered.length} of ${routes.length} routes of the SDK covered, each called through it\n`,
  )
  expect([...called].sort()).toEqual(covered)
})
