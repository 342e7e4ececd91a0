import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from '../database/open-database.ts'
import { createLogger } from '../observability/logger.ts'
import { readSettings } from './environment.ts'
import { startServing } from './serve.ts'
import { verifyCommand } from './verify.ts'

const apiKey = 'tsk_test_of_the_tests'
const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }

function config(credits: number): string {
  return `export default {
    units: { credits: {} },
    actions: { chat: { credits: ${credits} } },
    packs: { power: { credits: 500, price: { amount: 40, currency: 'USD' } } },
    welcome: { credits: 50 },
  }`
}

async function newFolder(): Promise<{
  data: string
  configFile: string
  environment: Record<string, string>
}> {
  const data = await mkdtemp(join(tmpdir(), 'tallystick-serve-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const configFile = join(data, 'tallystick.config.ts')
  await writeFile(configFile, config(5))
  return {
    data,
    configFile,
    environment: {
      TALLYSTICK_DATA: data,
      TALLYSTICK_CONFIG: configFile,
      TALLYSTICK_API_KEY: apiKey,
      PORT: '0',
    },
  }
}

function recordingLog() {
  const lines: string[] = []
  return { lines, log: createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }) }
}

async function charge(url: string, customer: string): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${url}/v1/charges`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({ customer, action: 'chat' }),
  })
  return { status: response.status, json: await response.json() }
}

describe('a server', () => {
  test('answers on its port, keeps what was spent when it starts again, and logs no secret', async () => {
    const { environment } = await newFolder()
    const { lines, log } = recordingLog()
    const first = await startServing(readSettings(environment), log)
    expect((await charge(first.url, 'ada')).json).toMatchObject({ balance: { available: '45' } })
    await first.close()
    await expect(fetch(first.url)).rejects.toThrow('fetch failed')
    const second = await startServing(readSettings(environment), log)
    onTestFinished(() => second.close())
    expect((await charge(second.url, 'ada')).json).toMatchObject({ balance: { available: '40' } })
    expect(lines.join('')).toContain('"msg":"listening"')
    expect(lines.join('')).not.toContain(apiKey)
  })

  test('in development loads a saved catalog; a broken one is reported and the old one stays', async () => {
    const { environment, configFile } = await newFolder()
    const { lines, log } = recordingLog()
    const server = await startServing(readSettings({ ...environment, TALLYSTICK_DEV: '1' }), log)
    onTestFinished(() => server.close())
    const before = server.engine.catalog().hash
    await writeFile(configFile, config(0.5))
    await vi.waitFor(() => expect(lines.join('')).toContain('actions.chat.credits is the fraction'), 5000)
    expect((await charge(server.url, 'ada')).json).toMatchObject({ credits: '5' })
    await writeFile(configFile, config(7))
    await vi.waitFor(() => expect(server.engine.catalog().hash).not.toBe(before), 5000)
    expect(lines.join('')).toContain(server.engine.catalog().hash)
    expect((await charge(server.url, 'ada')).json).toMatchObject({ credits: '7' })
  })

  test('in observe mode warns of it at its start, and refuses nothing for want of credits', async () => {
    const { environment } = await newFolder()
    const { lines, log } = recordingLog()
    const server = await startServing(readSettings({ ...environment, TALLYSTICK_OBSERVE: '1' }), log)
    onTestFinished(() => server.close())
    expect(lines.filter((line) => line.includes('"level":"warn"')).join('')).toContain('TALLYSTICK_OBSERVE=1')
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ observe: true })
    const statuses: number[] = []
    for (let times = 0; times < 12; times += 1) statuses.push((await charge(server.url, 'ada')).status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(lines.join('')).toContain('would have been refused')
  })

  test('that stops accepts no more, and answers what is in flight first', async () => {
    const { environment } = await newFolder()
    const server = await startServing(readSettings(environment), recordingLog().log)
    const body = JSON.stringify({ customer: 'ada', action: 'chat' })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8')
    const received: string[] = []
    socket.on('data', (text) => received.push(String(text)))
    socket.write(
      `POST /v1/charges HTTP/1.1\r\nhost: t\r\nauthorization: Bearer ${apiKey}\r\nidempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    )
    // The server says so when the request has begun.
    await vi.waitFor(() => expect(received.join('')).toContain('100 Continue'), 5000)
    const closed = server.close()
    await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
    socket.write(body)
    await closed
    // Written before the server closed; this process reads it when it gets to it.
    await once(socket, 'close')
    expect(received.join('')).toMatch(/HTTP\/1\.1 200 OK[\s\S]*"available":"45"/)
  })

  test('does not start with a live key and a test-mode Dodo', async () => {
    const { environment } = await newFolder()
    const settings = readSettings({
      ...environment,
      TALLYSTICK_API_KEY: `tsk_live_${'a'.repeat(32)}`,
      DODO_PAYMENTS_API_KEY: 'key',
      DODO_PAYMENTS_WEBHOOK_KEY: `whsec_${Buffer.from('secret').toString('base64')}`,
      DODO_PAYMENTS_ENVIRONMENT: 'test_mode',
    })
    await expect(startServing(settings, recordingLog().log)).rejects.toThrow(
      'The engine is in live mode and the payment provider in test mode',
    )
  })

  test('does not start on a taken port, and lets go of its folder', async () => {
    const { environment } = await newFolder()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const PORT = String((other.address() as AddressInfo).port)
    const { log } = recordingLog()
    await expect(startServing(readSettings({ ...environment, PORT }), log)).rejects.toThrow(
      `Port ${PORT} on 127.0.0.1 is taken`,
    )
    const server = await startServing(readSettings(environment), log)
    await server.close()
  })

  test('ends on SIGTERM in order, and says in words why it cannot start', async () => {
    const { environment } = await newFolder()
    const main = fileURLToPath(new URL('main.ts', import.meta.url))
    function start(changes: Record<string, string>) {
      const child = spawn(process.execPath, ['--conditions=source', main, 'serve'], {
        env: { PATH: process.env['PATH'], ...environment, ...changes },
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      const lines: string[] = []
      child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text))
      onTestFinished(() => void child.kill('SIGKILL'))
      return { child, lines }
    }
    const refused = start({ TALLYSTICK_API_KEY: 'key' })
    expect(await once(refused.child, 'exit')).toEqual([1, null])
    expect(refused.lines.join('')).toBe(
      'A secret key starts with tsk_test_ or tsk_live_, followed by letters and digits.\n',
    )

    const { child, lines } = start({})
    const exited = once(child, 'exit')
    // Ended early or listening; a machine that is busy takes its time to start a process.
    await Promise.race([exited, vi.waitFor(() => expect(lines.join('')).toContain('listening'), 110_000)])
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(lines.join('')).toContain('stopped')
  }, 120_000)
})

describe('verify', () => {
  test('says how much it checked; a sum that its entries do not add up to is named, with exit code 1', async () => {
    const { environment, data } = await newFolder()
    const server = await startServing(readSettings(environment), recordingLog().log)
    await charge(server.url, 'ada')
    await server.close()
    const print = vi.spyOn(console, 'log').mockImplementation(() => {})
    onTestFinished(() => print.mockRestore())
    expect(await verifyCommand(environment)).toBe(0)
    expect(print.mock.lastCall).toEqual(['Ledger balances: 2 entries, 1 lots, 1 wallets checked.'])

    const database = await openDatabase({ dataDir: join(data, 'db') })
    await database.transaction((tx) =>
      sql`update wallets set available_micros = available_micros + 1000000`.execute(tx.db),
    )
    await database.close()
    expect(await verifyCommand(environment)).toBe(1)
    expect(print.mock.lastCall?.[0]).toMatch(
      /Ledger does not balance[\s\S]*wal_\w+ wallet available: stored 46, should be 45/,
    )
  })
})
