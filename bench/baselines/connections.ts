import pg from 'pg'

/** As many as the usual pool has, and more than two or four cores can keep busy. */
const connectionCount = 32

export interface Connections {
  /** Waits for a free connection, first come, first served. */
  use<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Connections that are all open before the first call, handed out with less ado than `pg.Pool` makes of it. */
export async function openConnections(url: string): Promise<Connections> {
  const clients = await Promise.all(
    Array.from({ length: connectionCount }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return client
    }),
  )
  const free = [...clients]
  const waiting: ((client: pg.Client) => void)[] = []

  function take(): pg.Client | Promise<pg.Client> {
    return free.pop() ?? new Promise<pg.Client>((resolve) => waiting.push(resolve))
  }

  function giveBack(client: pg.Client): void {
    const next = waiting.shift()
    if (next === undefined) free.push(client)
    else next(client)
  }

  return {
    use: async (work) => {
      const client = await take()
      try {
        return await work(client)
      } finally {
        giveBack(client)
      }
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()))
    },
  }
}
