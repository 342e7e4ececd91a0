/**
 * The same app with Tallystick inside its own process: the engine keeps its database in a folder, its API is mounted under /billing (where
 * the payment provider's webhooks arrive), and the client reaches it without a socket.
 */
// oxlint-disable oxc/no-async-endpoint-handlers: Express 5 hands a rejection to its error handler.
import { createClient } from '@tallystick/client'
import { requireCredits } from '@tallystick/client/express'
import express from 'express'
import { createEngine, createServer } from 'tallystick'
import catalog from './tallystick.config.ts'

/** Your session's user. */
function customer(req: express.Request): string {
  return req.get('x-user') ?? 'guest'
}

export interface Embedded {
  readonly app: express.Express
  readonly close: () => Promise<void>
}

export async function embedded(options: { dataDir: string | undefined; apiKey: string }): Promise<Embedded> {
  const { dataDir, apiKey } = options
  const engine = await createEngine({ catalog, database: { dataDir } })
  const billing = createServer(engine, { apiKeys: [apiKey] })
  const credits = createClient<typeof catalog>({
    url: 'http://billing.internal',
    fetch: billing.fetch,
    apiKey,
  })

  const app = express()
  // Before any body parser: webhooks are signed byte for byte.
  app.use('/billing', billing.nodeHandler)
  app.use(express.json())
  app.get('/credits', async (req, res) => void res.json(await credits.balance(customer(req))))
  app.post('/enlarge', requireCredits(credits, 'image.hires', { customer }), (req, res) => {
    const { fail } = (req.body ?? {}) as { fail?: boolean }
    if (fail === true) res.status(500).json({ error: 'The model failed. You were charged nothing.' })
    else res.json({ picture: 'four times as large' })
  })
  return { app, close: () => engine.close() }
}
