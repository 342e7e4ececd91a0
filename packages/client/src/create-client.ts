import { type Api, createApi } from './api/client.ts'
import { TallystickError } from './api/errors.ts'
import { createSend, type Fetch } from './api/http.ts'
import { realSurroundings, type Surroundings } from './api/surroundings.ts'
import type { AnyCatalog, CatalogShape } from './catalog.ts'
import {
  createWithCredits,
  type HeldCredits,
  type OnAccountingError,
  type Receipt,
  type WithCreditsInput,
} from './with-credits.ts'

export interface ClientOptions {
  /** Where the server is; TALLYSTICK_URL unless given. */
  url?: string | undefined
  /** A secret key, `tsk_…`; TALLYSTICK_API_KEY unless given. */
  apiKey?: string | undefined
  /** `globalThis.fetch` unless given; pass a server's own `fetch` to reach it in the same process. */
  fetch?: Fetch | undefined
  /** How long one attempt may take: 5 seconds unless given. */
  timeoutMs?: number | undefined
  /** For how long a failed attempt may be followed by another: 10 seconds unless given; 0 never tries twice. */
  retryForMs?: number | undefined
  /** Told when `withCredits` could not settle a hold; a process warning unless given. */
  onAccountingError?: OnAccountingError | undefined
  /** Clock, randomness and timers, for tests. */
  surroundings?: Surroundings | undefined
}

export interface Client<C extends CatalogShape = AnyCatalog> extends Api<C> {
  /** Holds credits, runs, captures them; gives them back when the run throws, is aborted or takes too long. */
  withCredits<T>(
    input: WithCreditsInput<C>,
    run: (held: HeldCredits) => T | Promise<T>,
  ): Promise<{ result: Awaited<T>; receipt: Receipt }>
}

const defaultTimeoutMs = 5_000
// Covers a restart of the server; longer than that, a person who waits would rather be told.
const defaultRetryForMs = 10_000

/**
 * A client of one Tallystick server. `createClient<typeof catalog>()` knows the catalog's actions, packs and units:
 * another name is a compile error.
 *
 * @throws TallystickError `client_not_configured` when there is no address or no key
 */
export function createClient<C extends CatalogShape = AnyCatalog>(options: ClientOptions = {}): Client<C> {
  const surroundings = options.surroundings ?? realSurroundings
  const send = createSend({
    url: serverUrl(options.url ?? environment('TALLYSTICK_URL')),
    apiKey: secretKey(options.apiKey ?? environment('TALLYSTICK_API_KEY')),
    // Looked up at each call, so that what instruments or replaces fetch later is used.
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    retryForMs: options.retryForMs ?? defaultRetryForMs,
    surroundings,
  })
  const api = createApi<C>(send, surroundings)
  const onAccountingError = options.onAccountingError ?? warnOfAccountingError
  return { ...api, withCredits: createWithCredits<C>({ api, surroundings, onAccountingError }) }
}

function serverUrl(given: string | undefined): string {
  if (given === undefined || given === '') {
    throw notConfigured(
      'createClient does not know where the Tallystick server is. Set TALLYSTICK_URL or pass { url }. ' +
        '`npx tallystick dev` starts a server and writes the variable to .env.local (load it with node --env-file=.env.local).',
    )
  }
  if (!/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw notConfigured(
      `"${given}" is not an address of a Tallystick server. TALLYSTICK_URL looks like http://localhost:4100.`,
    )
  }
  return given.replace(/\/+$/, '')
}

function secretKey(given: string | undefined): string {
  if (given === undefined || given === '') {
    throw notConfigured(
      'createClient has no API key. Set TALLYSTICK_API_KEY or pass { apiKey }. ' +
        '`npx tallystick dev` makes a test key and writes the variable to .env.local (load it with node --env-file=.env.local).',
    )
  }
  return given
}

function notConfigured(message: string): TallystickError {
  return new TallystickError({ message, status: 500, code: 'client_not_configured' })
}

/** Runtimes without `process` have no environment to read. */
function environment(name: string): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env[name]
}

const warnOfAccountingError: OnAccountingError = (error, trouble) => {
  if (typeof process === 'undefined') return
  const next = trouble.retrying ? 'It is tried again in the background.' : 'It is not tried again.'
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(
    `The ${trouble.step} of ${trouble.hold.id} (${trouble.credits} ${trouble.hold.unit}) failed. ${next} ${reason} ` +
      'Pass onAccountingError to createClient to handle this.',
    { type: 'TallystickAccounting' },
  )
}
