import type { Surroundings } from '../src/index.ts'

/** What goes wrong with the next requests to a path. */
export interface Fault {
  /** Requests whose "METHOD /path" matches. */
  on: RegExp
  /** How many of them; all of them unless given. */
  times?: number
  /**
   * `refuse`: nothing listens. `lose`: it is done, and the answer is lost. `hang`: no answer ever, whatever the signal
   * says. `late`: it is done and answered after a while. A status: it is answered with that.
   */
  what:
    | 'refuse'
    | 'lose'
    | 'hang'
    | { lateMs: number }
    | { status: number; code?: string; retryAfter?: string }
}

interface FakeHold {
  id: string
  customer: string
  action: string | null
  state: 'placed' | 'captured' | 'released' | 'lapsed'
  credits: bigint
  /** What was asked for: more than that only where the server observes. */
  wanted: bigint
  captured: bigint
  placedAt: number
  expiresAt: number
  endedAt: number | null
  checkpoint: string
}

interface Wallet {
  available: bigint
  held: bigint
}

const prices: Record<string, bigint> = {
  'image.standard': 1_000_000n,
  'image.hires': 5_000_000n,
  chat: 10_000_000n,
}

/**
 * A Tallystick server in a few maps: balances, holds with their lapse, and keys bound by their first success, behind a
 * web-standard fetch. It keeps the rules that the client relies on, and fails when it is told to.
 */
export class FakeServer {
  readonly apiKey = 'tsk_test_fake'
  readonly url = 'http://tallystick.test'
  /** "METHOD /path key" of each request that arrived. */
  readonly requests: string[] = []
  readonly faults: Fault[] = []
  /** Refuses nothing for want of credits. */
  isObserving = false
  readonly #clock: Pick<Surroundings, 'now' | 'after'>
  readonly #wallets = new Map<string, Wallet>()
  readonly #holds = new Map<string, FakeHold>()
  readonly #answersByKey = new Map<string, { request: string; body: unknown }>()
  #lastId = 0

  constructor(clock: Pick<Surroundings, 'now' | 'after'>) {
    this.#clock = clock
  }

  fail(fault: Fault): void {
    this.faults.push(fault)
  }

  give(customer: string, credits: number): void {
    this.#wallet(customer).available += BigInt(credits) * 1_000_000n
  }

  /** "available held" of a customer, with lapsed holds given back. */
  balanceOf(customer: string): string {
    this.#lapse()
    const { available, held } = this.#wallet(customer)
    return `${text(available)} available, ${text(held)} held`
  }

  get holds(): readonly FakeHold[] {
    this.#lapse()
    return [...this.#holds.values()]
  }

  requestsTo(pattern: RegExp): string[] {
    return this.requests.filter((request) => pattern.test(request))
  }

  fetch = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted()
    const { pathname } = new URL(request.url)
    const line = `${request.method} ${pathname}`
    this.requests.push(`${line} ${request.headers.get('idempotency-key') ?? ''}`.trim())
    const body: unknown = request.method === 'GET' ? {} : JSON.parse((await request.text()) || '{}')
    const fault = this.#faultOn(line)
    if (fault === 'refuse') throw refused()
    if (fault === 'hang') return new Promise<never>(() => {})
    if (fault !== null && typeof fault === 'object' && 'status' in fault) {
      const headers: Record<string, string> =
        fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }
      if (fault.code === undefined)
        return new Response('<h1>Bad gateway</h1>', { status: fault.status, headers })
      return problem(fault.status, fault.code, { detail: 'It was told to fail.' }, headers)
    }
    const response = this.#answer(request, line, body)
    if (fault === 'lose') throw new TypeError('fetch failed', { cause: new Error('other side closed') })
    if (fault !== null) await new Promise<void>((resolve) => this.#clock.after(fault.lateMs, resolve))
    return response
  }

  #faultOn(line: string): Fault['what'] | null {
    const fault = this.faults.find((candidate) => candidate.on.test(line) && (candidate.times ?? 1) > 0)
    if (fault === undefined) return null
    if (fault.times !== undefined) fault.times -= 1
    return fault.what
  }

  #answer(request: Request, line: string, body: unknown): Response {
    if (request.headers.get('authorization') !== `Bearer ${this.apiKey}`) {
      return problem(401, 'unauthorized', { detail: 'The API key is not known.' })
    }
    const key = request.headers.get('idempotency-key')
    if (request.method === 'POST' && key === null) return problem(400, 'idempotency_key_required', {})
    const fingerprint = `${line} ${JSON.stringify(body)}`
    const before = key === null ? undefined : this.#answersByKey.get(key)
    if (before !== undefined) {
      return before.request === fingerprint
        ? Response.json(before.body)
        : problem(409, 'idempotency_key_reused', {})
    }
    this.#lapse()
    const answer = this.#route(line, request.url, body)
    if (answer instanceof Response) return answer
    // A refusal binds no key.
    if (key !== null) this.#answersByKey.set(key, { request: fingerprint, body: answer })
    return Response.json(answer)
  }

  #route(line: string, url: string, body: unknown): object | Response {
    const input = body as {
      customer: string
      action?: string
      quantity?: number
      credits?: string
      expires_in_seconds?: number
      above?: string
    }
    if (line === 'POST /v1/holds') return this.#placeHold(input)
    if (line === 'POST /v1/charges') return this.#charge(input)
    const [, id = '', verb] = /\/v1\/holds\/(\w+)\/?(\w+)?$/.exec(line) ?? []
    const hold = this.#holds.get(id)
    if (hold !== undefined) return this.#useHold(hold, verb, input)
    const [, customer] = /^GET \/v1\/customers\/([^/]+)\/balance$/.exec(line) ?? []
    if (customer !== undefined)
      return { ...this.#balance(decodeURIComponent(customer)), lots: [], asked: url }
    return problem(404, 'not_found', { detail: `There is no ${line}.` })
  }

  #placeHold(input: {
    customer: string
    action?: string
    quantity?: number
    credits?: string
    expires_in_seconds?: number
    observe?: boolean
  }) {
    const wanted = this.#price(input)
    if (wanted instanceof Response) return wanted
    const wallet = this.#wallet(input.customer)
    const isShort = wallet.available < wanted
    if (isShort && !this.#observes(input)) return insufficient(wanted, wallet)
    const credits = isShort ? wallet.available : wanted
    wallet.available -= credits
    wallet.held += credits
    const placedAt = this.#clock.now()
    const hold: FakeHold = {
      id: `hold_${(this.#lastId += 1)}`,
      customer: input.customer,
      action: input.action ?? null,
      state: 'placed',
      credits,
      wanted,
      captured: 0n,
      placedAt,
      expiresAt: placedAt + (input.expires_in_seconds ?? 300) * 1000,
      endedAt: null,
      checkpoint: '0',
    }
    this.#holds.set(hold.id, hold)
    return { ...this.#holdOnWire(hold), would_refuse: isShort ? refusal('insufficient_credits') : null }
  }

  #observes({ observe }: { observe?: boolean }): boolean {
    return this.isObserving || observe === true
  }

  #charge(input: { customer: string; action?: string; quantity?: number; credits?: string }) {
    const credits = this.#price(input)
    if (credits instanceof Response) return credits
    const wallet = this.#wallet(input.customer)
    if (wallet.available < credits) return insufficient(credits, wallet)
    wallet.available -= credits
    return {
      id: `txn_${(this.#lastId += 1)}`,
      customer: input.customer,
      unit: 'credits',
      action: input.action ?? null,
      credits: text(credits),
      paid_from: [{ lot: 'lot_1', credits: text(credits) }],
      created_at: new Date(this.#clock.now()).toISOString(),
      balance: this.#balance(input.customer),
    }
  }

  #useHold(
    hold: FakeHold,
    verb: string | undefined,
    input: { credits?: string; expires_in_seconds?: number; above?: string; observe?: boolean },
  ): object | Response {
    const { credits: asked, above } = input
    if (verb === undefined) return this.#holdOnWire(hold)
    if (verb === 'capture' && hold.state === 'lapsed') {
      const credits = asked === undefined ? hold.credits : micros(asked)
      if (above === 'up_to_spendable') return { ...this.#captureLate(hold, credits), would_refuse: null }
      if (this.#observes(input))
        return { ...this.#captureLate(hold, credits), would_refuse: refusal('hold_already_ended') }
    }
    if (hold.state !== 'placed') return problem(409, 'hold_already_ended', { state: hold.state })
    if (verb === 'extend') {
      const expiresAt = this.#clock.now() + (input.expires_in_seconds ?? 0) * 1000
      hold.expiresAt = Math.max(hold.expiresAt, expiresAt)
      return this.#holdOnWire(hold)
    }
    if (verb === 'checkpoint') {
      hold.checkpoint = asked ?? ''
      return this.#holdOnWire(hold)
    }
    if (verb === 'release') {
      this.#end(hold, 'released', 0n)
      return this.#holdOnWire(hold)
    }
    const credits = asked === undefined ? hold.credits : micros(asked)
    if (credits > hold.credits && !this.#observes(input)) return problem(422, 'capture_exceeds_hold', {})
    const { available } = this.#wallet(hold.customer)
    this.#end(hold, 'captured', least(credits, hold.credits + available))
    const would_refuse = credits > hold.wanted ? refusal('capture_exceeds_hold') : null
    return { ...this.#holdOnWire(hold), would_refuse }
  }

  #captureLate(hold: FakeHold, asked: bigint): object {
    const wallet = this.#wallet(hold.customer)
    const due = asked - hold.captured
    const charged = least(due, wallet.available)
    wallet.available -= charged
    hold.captured += charged
    return this.#holdOnWire(hold)
  }

  #end(hold: FakeHold, state: FakeHold['state'], captured: bigint): void {
    const wallet = this.#wallet(hold.customer)
    wallet.held -= hold.credits
    wallet.available += hold.credits - captured
    hold.state = state
    hold.captured = captured
    hold.endedAt = this.#clock.now()
  }

  #lapse(): void {
    for (const hold of this.#holds.values()) {
      if (hold.state === 'placed' && hold.expiresAt <= this.#clock.now()) this.#end(hold, 'lapsed', 0n)
    }
  }

  #price(input: { action?: string; quantity?: number; credits?: string }): bigint | Response {
    if (input.credits !== undefined) return micros(input.credits)
    const price = prices[input.action ?? '']
    if (price === undefined) {
      const known = Object.keys(prices)
      const detail = `The catalog has no action ${input.action}. Known ones: ${known.join(', ')}.`
      return problem(422, 'unknown_action', { detail, known })
    }
    return price * BigInt(input.quantity ?? 1)
  }

  #wallet(customer: string): Wallet {
    const wallet = this.#wallets.get(customer) ?? { available: 0n, held: 0n }
    this.#wallets.set(customer, wallet)
    return wallet
  }

  #balance(customer: string) {
    const { available, held } = this.#wallet(customer)
    const zeros = { debt: '0', upcoming: '0' }
    return {
      customer,
      unit: 'credits',
      available: text(available),
      held: text(held),
      spendable: text(available),
      ...zeros,
    }
  }

  #holdOnWire(hold: FakeHold) {
    const paid = hold.state === 'captured' ? hold.captured : hold.credits
    return {
      id: hold.id,
      customer: hold.customer,
      unit: 'credits',
      action: hold.action,
      state: hold.state,
      credits: text(hold.credits),
      captured: text(hold.captured),
      checkpoint: hold.checkpoint,
      placed_at: new Date(hold.placedAt).toISOString(),
      expires_at: new Date(hold.expiresAt).toISOString(),
      ended_at: hold.endedAt === null ? null : new Date(hold.endedAt).toISOString(),
      paid_from: [{ lot: 'lot_1', credits: text(paid) }],
      balance: this.#balance(hold.customer),
    }
  }
}

function refusal(code: string): { code: string; detail: string } {
  return { code, detail: code }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function insufficient(required: bigint, wallet: Wallet): Response {
  return problem(402, 'insufficient_credits', {
    detail: `The wallet has ${text(wallet.available)} spendable and ${text(required)} are needed.`,
    required: text(required),
    spendable: text(wallet.available),
    held: text(wallet.held),
    missing: text(required - wallet.available),
    unit: 'credits',
    pack: {
      pack: 'starter',
      name: 'Starter',
      credits: '100',
      price: { amount_minor: 1000, currency: 'USD' },
    },
    message: `This needs ${text(required)} credits; you have ${text(wallet.available)}.`,
  })
}

function problem(
  status: number,
  code: string,
  facts: object,
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: `https://tallystick.test/${code}`,
    title: code,
    status,
    detail: code,
    instance: 'req_1',
    code,
    ...facts,
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}

/** What Node's fetch throws when nothing listens. */
function refused(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4100'), { code: 'ECONNREFUSED' })
  return new TypeError('fetch failed', { cause })
}

function micros(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(6, '0'))
}

function text(amount: bigint): string {
  const digits = amount.toString().padStart(7, '0')
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, '')
}
