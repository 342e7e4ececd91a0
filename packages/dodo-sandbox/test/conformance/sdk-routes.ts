import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Every route that the official SDK calls, read from its source: `GET /products/x`, with an `x` for each parameter. */
export function routesOfSdk(): string[] {
  const resources = join(dirname(createRequire(import.meta.url).resolve('dodopayments')), 'resources')
  const routes = new Set<string>()
  for (const file of readdirSync(resources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.mjs')) continue
    const source = readFileSync(join(resources, file), 'utf8')
    for (const [, verb = '', path = ''] of source.matchAll(
      /_client\.(getAPIList|get|post|put|patch|delete)\((?:path ?)?[`']([^`']+)[`']/g,
    )) {
      const method = verb === 'getAPIList' ? 'GET' : verb.toUpperCase()
      routes.add(`${method} ${path.replaceAll(/\$\{[^}]*\}/g, 'x')}`)
    }
  }
  return [...routes].sort()
}

/** Which of the SDK's routes a request went to: the one with the fewest parameters that fits. */
export function routeOfRequest(routes: readonly string[], method: string, path: string): string | undefined {
  const asked = path.split('/')
  return routes
    .filter((route) => {
      const [routeMethod, routePath = ''] = route.split(' ')
      const segments = routePath.split('/')
      return (
        routeMethod === method &&
        segments.length === asked.length &&
        segments.every((segment, index) => segment === 'x' || segment === asked[index])
      )
    })
    .toSorted((one, other) => one.split('/x').length - other.split('/x').length)[0]
}
