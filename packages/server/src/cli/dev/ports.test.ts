import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { isPortFree, pickPorts } from './ports.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  open.push(server)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const taken =
  (...ports: readonly number[]) =>
  async (port: number) =>
    !ports.includes(port)

test('the usual ports are given where they are free', async () => {
  const ports = await pickPorts(
    [
      { name: 'dodo', usual: 4200 },
      { name: 'server', usual: 4100 },
    ],
    taken(),
  )
  expect(Object.fromEntries(ports)).toEqual({ dodo: 4200, server: 4100 })
})

test('a taken port moves to the next free one', async () => {
  const ports = await pickPorts([{ name: 'server', usual: 4100 }], taken(4100, 4101))
  expect(ports.get('server')).toBe(4102)
})

test('no port is given twice', async () => {
  const ports = await pickPorts(
    [
      { name: 'studio', usual: 4000 },
      { name: 'docs', usual: 4000 },
    ],
    taken(),
  )
  expect([...ports.values()]).toEqual([4000, 4001])
})

test('the port of last time is kept while it is free, and left when it is not', async () => {
  const wish = { name: 'server', remembered: 4107, usual: 4100 }
  expect((await pickPorts([wish], taken(4100))).get('server')).toBe(4107)
  expect((await pickPorts([wish], taken(4107))).get('server')).toBe(4100)
})

test.each(['127.0.0.1', '0.0.0.0', '::', '::1'])('a listener on %s takes the port', async (host) => {
  expect(await isPortFree(await listen(host))).toBe(false)
})
