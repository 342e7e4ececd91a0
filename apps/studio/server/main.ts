/** Starts the studio; `npm start` runs this with everything it needs to know. */
import { randomBytes } from 'node:crypto'
import { serve } from '@hono/node-server'
import { createClient } from '@tallystick/client'
import type catalog from '../tallystick.config.ts'
import { readEnvironment } from './environment.ts'
import { ensureBuilt } from './pages/ensure-built.ts'
import { readPageFiles } from './pages/page-files.ts'
import { createEnlarger } from './pictures/enlarger.ts'
import { createStudio } from './studio.ts'
import { openVisitors } from './visitors/visitors.ts'

const environment = readEnvironment(process.env)
const log = (line: string) => process.stdout.write(`${line}\n`)
const now = () => new Date()

let reachable = true
function noteReachable(answers: boolean): void {
  if (answers === reachable) return
  reachable = answers
  studio.tellReachable(answers)
}

const credits = createClient<typeof catalog>({
  url: environment.tallystickUrl,
  apiKey: environment.apiKey,
  // The server may be killed and started again under a picture that is being made: that must not cost the picture.
  retryForMs: 20_000,
  fetch: async (request) => {
    try {
      const response = await fetch(request)
      noteReachable(true)
      return response
    } catch (error) {
      // An abort is our own doing and says nothing about the server.
      if (!request.signal.aborted) noteReachable(false)
      throw error
    }
  },
})

const visitors = await openVisitors({ folder: environment.dataFolder, now, randomBytes })
const folder = await ensureBuilt(environment.dev ? 'development' : 'production', log)
const dodoHosts = ['https://checkout.dodopayments.com', 'https://test.checkout.dodopayments.com']
const localHosts = environment.dev ? ['http://localhost:*', 'http://127.0.0.1:*'] : []
const dodoUrl = environment.dodoUrl === undefined ? [] : [new URL(environment.dodoUrl).origin]

const studio = createStudio(
  {
    credits,
    enlarger: createEnlarger(),
    visitors,
    now,
    randomBytes,
    dev: environment.dev
      ? { tallystickUrl: environment.tallystickUrl, fetch, webhookKey: environment.webhookKey }
      : null,
    log,
  },
  { files: await readPageFiles(folder), frameSources: [...dodoHosts, ...localHosts, ...dodoUrl] },
)

// Before anybody can begin something new that would look as if it had been interrupted.
await studio.recover()

const server = serve(
  { fetch: studio.fetch, port: environment.port, hostname: environment.host },
  ({ port }) => log(`studio listens on http://localhost:${port}`),
)
server.on('error', (error) => {
  log(`The studio cannot listen on port ${environment.port}: ${error.message}`)
  process.exit(1)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    studio.close()
    server.close(() => process.exit(0))
    // A stream that a page holds open would keep the server for ever.
    setTimeout(() => process.exit(0), 1_000).unref()
  })
}
