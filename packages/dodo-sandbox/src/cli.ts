import { parseArgs } from 'node:util'
import { faultDescriptions, parseFaultFlag } from './faults/fault.ts'
import type { DodoSandboxOptions, RateLimit, SandboxLog } from './kernel/options.ts'
import { startDodoSandbox } from './start-dodo-sandbox.ts'

const usage = `Dodo Payments on localhost.

  dodo-sandbox [options]

  --port PORT               where to listen (4200; 0 for any free port)
  --host HOST               address to listen on (127.0.0.1)
  --state FILE              keep everything in this SQLite file (otherwise in memory)
  --api-key KEY             the key to accept (otherwise one is made, and kept in the state file)
  --webhook-url URL         where to send webhooks; may be given several times
  --webhook-secret SECRET   whsec_…, one for each --webhook-url in the same order (otherwise made)
  --retry-schedule-ms LIST  waits before the attempts of a delivery, like 0,500,2000 (Dodo's own schedule)
  --checkout-origin ORIGIN  where browsers reach the checkout pages (the address listened on)
  --fault RULE              inject a fault, like lost_answer or "drop,event_type=payment.*,per_thousand=100"; may be
                            given several times (see below)
  --fault-seed N            where the draws of the faults come from (otherwise drawn)
  --rate-limit S,M          refuse more than S requests a second and M a minute (otherwise nothing is refused)
  --quiet                   say only where it listens
  --help                    this text

Every option may be given in the environment instead: DODO_SANDBOX_PORT, DODO_SANDBOX_STATE, … Several webhooks are
separated by commas there, several faults by semicolons.

A fault is a kind and, after commas, what narrows it: count=N for the next N times (1), per_thousand=N for so many in a
thousand, route="POST /refunds" or event_type=payment.* for which, and delay_ms, status or error_code where they apply.

${Object.entries(faultDescriptions)
  .map(([kind, does]) => `  ${kind.padEnd(25)} ${does}`)
  .join('\n')}
`

type Several = 'webhook-url' | 'webhook-secret' | 'fault'

/** Starts the sandbox from the command line, and stops it in order on SIGTERM and SIGINT. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      state: { type: 'string' },
      'api-key': { type: 'string' },
      'webhook-url': { type: 'string', multiple: true },
      'webhook-secret': { type: 'string', multiple: true },
      'retry-schedule-ms': { type: 'string' },
      'checkout-origin': { type: 'string' },
      fault: { type: 'string', multiple: true },
      'fault-seed': { type: 'string' },
      'rate-limit': { type: 'string' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const setting = (name: Exclude<keyof typeof values, Several | 'quiet' | 'help'>) =>
    values[name] ?? process.env[`DODO_SANDBOX_${name.toUpperCase().replaceAll('-', '_')}`]
  const urls = values['webhook-url'] ?? listFrom(process.env['DODO_SANDBOX_WEBHOOK_URL'])
  const secrets = values['webhook-secret'] ?? listFrom(process.env['DODO_SANDBOX_WEBHOOK_SECRET'])
  const faults =
    values.fault ?? (process.env['DODO_SANDBOX_FAULT'] ?? '').split(';').filter((rule) => rule !== '')
  const schedule = setting('retry-schedule-ms')
  const options: DodoSandboxOptions = {
    port: numberFrom('--port', setting('port') ?? '4200'),
    webhooks: urls.map((url, index) => {
      const secret = secrets[index]
      return secret === undefined ? { url } : { url, secret }
    }),
    faults: faults.map(parseFaultFlag),
    log: values.quiet ? { info: () => undefined, error: lines.error } : lines,
  }
  const host = setting('host')
  if (host !== undefined) options.host = host
  const stateFile = setting('state')
  if (stateFile !== undefined) options.stateFile = stateFile
  const apiKey = setting('api-key')
  if (apiKey !== undefined) options.apiKey = apiKey
  const checkoutOrigin = setting('checkout-origin')
  if (checkoutOrigin !== undefined) options.checkoutOrigin = checkoutOrigin
  const faultSeed = setting('fault-seed')
  if (faultSeed !== undefined) options.faultSeed = numberFrom('--fault-seed', faultSeed)
  const rateLimit = setting('rate-limit')
  if (rateLimit !== undefined) options.rateLimit = rateLimitFrom(rateLimit)
  if (schedule !== undefined)
    options.retryScheduleMs = schedule.split(',').map((wait) => numberFrom('--retry-schedule-ms', wait))

  const sandbox = await startDodoSandbox(options)
  process.stdout.write(`dodo ${sandbox.url}\n`)

  let stopping = false
  const stop = () => {
    // A second signal finds the ordinary handling back in place, so that nobody waits against their will.
    if (stopping) process.exit(1)
    stopping = true
    sandbox.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** One line an event, for people who watch a terminal. Facts hold ids and addresses, never secrets. */
const lines: SandboxLog = {
  info: (facts, message) => void process.stderr.write(`${line(facts, message)}\n`),
  error: (facts, message) => void process.stderr.write(`error: ${line(facts, message)}\n`),
}

function line(facts: Record<string, unknown>, message: string): string {
  const written = Object.entries(facts)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${String(value)}`)
  return [message, ...written].join(' ')
}

function rateLimitFrom(text: string): RateLimit {
  const limits = text.split(',').map((limit) => numberFrom('--rate-limit', limit))
  const [perSecond, perMinute] = limits
  if (perSecond === undefined || perMinute === undefined || limits.length > 2 || limits.includes(0))
    throw new TypeError(`--rate-limit needs two whole numbers, like 40,240, not "${text}".`)
  return { perSecond, perMinute }
}

function listFrom(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(',')
}

function numberFrom(option: string, text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isInteger(number) || number < 0)
    throw new TypeError(`${option} needs a whole number, not "${text}".`)
  return number
}

function fail(error: unknown): never {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`dodo-sandbox: ${taken ? `${message}. Choose another port with --port.` : message}\n`)
  process.exit(1)
}

main().catch(fail)
