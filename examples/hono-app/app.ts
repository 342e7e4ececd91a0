/** An app whose users pay for enlarging pictures, with Tallystick inside its own process. */
import { createClient } from '@tallystick/client'
import { requireCredits } from '@tallystick/client/hono'
import { type Context, Hono } from 'hono'
import { createEngine, createServer } from 'tallystick'
import catalog from './tallystick.config.ts'

/** Your session's user. */
function customer(c: Context): string {
  return c.req.header('x-user') ?? 'guest'
}

export interface AppOptions {
  readonly dataDir: string | undefined
  readonly apiKey: string
}

export interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>
  close(): Promise<void>
}

export async function createApp({ dataDir, apiKey }: AppOptions): Promise<App> {
  const app = new Hono()

  // <ten-lines>
  const engine = await createEngine({ catalog, database: { dataDir } })
  const billing = createServer(engine, { apiKeys: [apiKey] })
  const credits = createClient<typeof catalog>({
    url: 'http://billing.internal',
    fetch: billing.fetch,
    apiKey,
  })

  app.mount('/billing', billing.fetch)
  app.get('/credits', async (c) => c.json(await credits.balance(customer(c))))
  app.post('/enlarge', requireCredits(credits, 'image.hires', { customer }), (c) =>
    c.json({ picture: 'four times as large' }),
  )
  // </ten-lines>

  app.post('/fail', requireCredits(credits, 'image.hires', { customer }), () => {
    throw new Error('The model failed.')
  })
  app.onError((_, c) => c.json({ error: 'That did not work. You were charged nothing.' }, 500))
  return { fetch: app.fetch, close: () => engine.close() }
}
