/** A server in this process, on a database in memory, asked without a socket. Every answer is held against the OpenAPI document. */
import { z } from 'zod'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import { migratedSnapshot } from '../../src/database/migrated-snapshot.ts'
import { createEngine, type Engine, type EngineOptions } from '../../src/engine.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createServer, type Server } from '../../src/server.ts'

export const catalog = defineCatalog({
  units: { credits: { name: 'Credits' }, images: { name: 'Images' } },
  actions: {
    'image.standard': { credits: 1 },
    'image.hires': { credits: 5 },
    token: { credits: '0.000001' },
    poster: { credits: 2, unit: 'images' },
  },
  packs: {
    starter: pack({ name: 'Starter', credits: 100, price: usd(10) }),
    power: pack({ name: 'Power', credits: 500, price: usd(40) }),
  },
  welcome: { credits: 50, name: 'Welcome gift' },
})

export const apiKey = 'tsk_test_of_the_tests'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line no-explicit-any
  readonly json: any
}

export interface CallOptions {
  /** The idempotency key; a new one unless given, none for null. */
  readonly key?: string | null
  readonly apiKey?: string | null
}

export interface Api {
  readonly engine: Engine
  readonly server: Server
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  get(path: string): Promise<Answer>
  post(path: string, body?: unknown, key?: string): Promise<Answer>
  close(): Promise<void>
}

export async function openApi(options: Partial<EngineOptions<typeof catalog>> = {}): Promise<Api> {
  const engine = await createEngine({
    catalog,
    database: { dataDir: undefined, snapshot: await migratedSnapshot() },
    log: createLogger({ level: 'silent' }),
    ...options,
  })
  return { ...apiOver(engine), close: () => engine.close() }
}

export function apiOver(engine: Engine): Omit<Api, 'close'> {
  const server = createServer(engine, { apiKeys: [apiKey] })
  const answersByRoute = answerSchemas(server)

  async function call(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> {
    const { key = method === 'POST' ? crypto.randomUUID() : null, apiKey: sent = apiKey } = options
    const response = await server.fetch(
      new Request(`http://tallystick.internal${path}`, {
        method,
        headers: {
          ...(sent === null ? {} : { authorization: `Bearer ${sent}` }),
          ...(key === null ? {} : { 'idempotency-key': key }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    const json: unknown = await response.json()
    answersByRoute(method, path, response.status)?.parse(json)
    return { status: response.status, headers: response.headers, json }
  }

  return {
    engine,
    server,
    call,
    get: (path) => call('GET', path),
    post: (path, body, key) => call('POST', path, body, key === undefined ? {} : { key }),
  }
}

/** What the document promises for a route and a status. A status that it does not name is an error. */
function answerSchemas(server: Server) {
  const document = JSON.parse(
    JSON.stringify(server.openapi()).replaceAll('#/components/schemas/', '#/$defs/'),
  )
  const schemas = new Map<string, z.ZodType>()
  return (method: string, path: string, status: number): z.ZodType | undefined => {
    const [pathname = ''] = path.split('?')
    const template = Object.keys(document.paths).find((known) =>
      new RegExp(`^${known.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
    )
    const operation = template === undefined ? undefined : document.paths[template][method.toLowerCase()]
    if (template === undefined || operation === undefined) return undefined
    const name = `${method} ${template} ${status}`
    const known = schemas.get(name)
    if (known !== undefined) return known
    const response = operation.responses[String(status)]
    if (response === undefined) throw new Error(`${name} is not in the OpenAPI document.`)
    const [content] = Object.values<{ schema: object }>(response.content)
    const schema = z.fromJSONSchema({ ...content?.schema, $defs: document.components.schemas })
    schemas.set(name, schema)
    return schema
  }
}

/** A customer nobody has heard of. */
export function newCustomer(): string {
  return `user_${crypto.randomUUID()}`
}
