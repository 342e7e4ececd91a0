import { once } from 'node:events'
import { createServer } from 'node:net'

export interface PortWish {
  readonly name: string
  /** Where it was last time: kept when free, so that addresses in tabs and files stay good. */
  readonly remembered?: number | undefined
  readonly usual: number
}

/** How far above the usual port one is looked for. */
const triesMax = 200

/** Finds a free port for each, none twice. */
export async function pickPorts(
  wishes: readonly PortWish[],
  isFree: (port: number) => Promise<boolean> = isPortFree,
): Promise<Map<string, number>> {
  const ports = new Map<string, number>()
  const given = new Set<number>()
  for (const { name, remembered, usual } of wishes) {
    const candidates = Array.from({ length: triesMax }, (_, step) => usual + step).filter(
      (port) => port <= 65_535,
    )
    if (remembered !== undefined) candidates.unshift(remembered)
    const port = await firstFree(
      candidates.filter((candidate) => !given.has(candidate)),
      isFree,
    )
    if (port === undefined)
      throw new Error(`No port is free for ${name} from ${usual} to ${usual + triesMax - 1}.`)
    given.add(port)
    ports.set(name, port)
  }
  return ports
}

async function firstFree(
  candidates: readonly number[],
  isFree: (port: number) => Promise<boolean>,
): Promise<number | undefined> {
  for (const port of candidates) if (await isFree(port)) return port
  return undefined
}

/**
 * Whether nobody listens at this port of `localhost`, by either protocol: a browser tries ::1 first, so that a program there
 * would take the visitors of ours on 127.0.0.1.
 */
export async function isPortFree(port: number): Promise<boolean> {
  // A wildcard listener is seen on Linux by any of these, on a Mac only by trying the wildcard itself.
  for (const host of ['127.0.0.1', '::1', '::']) if (!(await canListen(port, host))) return false
  return true
}

async function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // A machine without IPv6 has nobody there.
    return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
  }
  server.close()
  await once(server, 'close')
  return true
}
