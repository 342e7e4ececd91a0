import { once } from 'node:events'
import { createConnection } from 'node:net'
import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly name: string
  readonly url: string
  /** Ends every session on it and removes it. Optional: the whole server goes when the run ends. */
  drop(): Promise<void>
}

export interface TestTemplate {
  /** One word for what is in it; test files that give the same name share it. */
  readonly name: string
  /** Fills the empty database at `url`: called once a run, by whichever test file comes first. It must close its connections. */
  prepare(url: string): Promise<void>
}

/** The superuser's URL of the run's real Postgres 18, which the first call starts (about a second). */
export async function postgresUrl(): Promise<string> {
  const socket = createConnection({ host: '127.0.0.1', port: inject('postgresPort') }).setEncoding('utf8')
  let answer = ''
  socket.on('data', (text) => {
    answer += String(text)
  })
  await once(socket, 'end')
  const url = answer.trim()
  if (url === '')
    throw new Error('Postgres did not start; see the message of tools/postgres/keeper.ts above.')
  return url
}

/** A fresh database on the run's Postgres: empty, or a copy of a template (about 50 ms). Call it once a test file. */
export async function createTestDatabase(options: { template?: TestTemplate } = {}): Promise<TestDatabase> {
  const server = await postgresUrl()
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  await withClient(server, async (client) => {
    if (options.template === undefined) {
      await client.query(`create database ${escapeIdentifier(name)}`)
      return
    }
    const template = `template_${options.template.name}`
    await prepareOnce(client, server, template, options.template)
    await client.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`)
  })
  return {
    name,
    url: urlOfDatabase(server, name),
    drop: () =>
      withClient(server, async (client) => {
        await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
      }),
  }
}

async function prepareOnce(
  client: Client,
  server: string,
  database: string,
  template: TestTemplate,
): Promise<void> {
  // Test files run side by side: the first one prepares, the others wait for its lock. The name is given last, so that a
  // preparation that failed leaves nothing which looks prepared.
  await client.query('select pg_advisory_lock(hashtext($1))', [database])
  try {
    const known = await client.query('select from pg_database where datname = $1', [database])
    if (known.rowCount === 1) return
    const draft = `draft_${crypto.randomUUID().replaceAll('-', '')}`
    await client.query(`create database ${escapeIdentifier(draft)}`)
    await template.prepare(urlOfDatabase(server, draft))
    await client.query(`alter database ${escapeIdentifier(draft)} rename to ${escapeIdentifier(database)}`)
  } finally {
    await client.query('select pg_advisory_unlock(hashtext($1))', [database])
  }
}

function urlOfDatabase(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function withClient(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
