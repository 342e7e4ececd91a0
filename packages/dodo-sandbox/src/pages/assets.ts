import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

const types = { 'sandbox.css': 'text/css; charset=utf-8', 'checkout.js': 'text/javascript; charset=utf-8' }

/** The stylesheet and the script. They lie beside `src` and `dist` alike, so both find them one folder up. */
export function assetRoutes(): Hono {
  const routes = new Hono()
  for (const [name, type] of Object.entries(types)) {
    const text = readFileSync(new URL(`../../assets/${name}`, import.meta.url), 'utf8')
    routes.get(`/_sandbox/assets/${name}`, (context) =>
      context.body(text, 200, {
        'content-type': type,
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      }),
    )
  }
  return routes
}
