import type { PackOffer, Problem } from './wire.ts'

/**
 * A refusal of the server, or a fault on the way to it. `code` is stable and made for `switch`; the message is made
 * for the person who reads the log, and says what to do where that is known.
 */
export class TallystickError extends Error {
  override readonly name: string = 'TallystickError'
  /** The status of the answer; 503 when there was none. */
  readonly status: number
  readonly code: string
  readonly detail: string
  /** What the server sent, with all its facts; null when the server did not answer with a problem. */
  readonly problem: Problem | null

  constructor(input: {
    message: string
    status: number
    code: string
    detail?: string
    problem?: Problem | null
    cause?: unknown
  }) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause })
    this.status = input.status
    this.code = input.code
    this.detail = input.detail ?? input.message
    this.problem = input.problem ?? null
  }
}

/** The customer has too few credits. Nothing was taken. Amounts are decimal strings in `unit`. */
export class InsufficientCreditsError extends TallystickError {
  override readonly name = 'InsufficientCreditsError'
  readonly required: string
  readonly spendable: string
  readonly held: string
  readonly missing: string
  readonly unit: string
  readonly pack: PackOffer | null
  /** A sentence for the end user: "This needs 5 credits; you have 3." */
  readonly userMessage: string

  constructor(input: { message: string; problem: Problem }) {
    const { problem } = input
    super({ ...input, status: problem.status, code: problem.code, detail: problem.detail })
    this.required = textFact(problem, 'required')
    this.spendable = textFact(problem, 'spendable')
    this.held = textFact(problem, 'held')
    this.missing = textFact(problem, 'missing')
    this.unit = textFact(problem, 'unit')
    this.pack = isPackOffer(problem.pack) ? problem.pack : null
    this.userMessage = textFact(problem, 'message') || problem.detail
  }
}

/**
 * The server could not be reached, or went on failing, until the client stopped trying. A write may or may not have
 * happened: repeat it with the same `idempotencyKey` to learn which, and it happens once.
 */
export class TallystickUnavailableError extends TallystickError {
  override readonly name = 'TallystickUnavailableError'
  readonly attempts: number

  constructor(input: ConstructorParameters<typeof TallystickError>[0] & { attempts: number }) {
    super(input)
    this.attempts = input.attempts
  }
}

/** The error for an answer that is not a success. */
export function errorFromAnswer(input: {
  status: number
  text: string
  request: string
  url: string
}): TallystickError {
  const problem = parseProblem(input.text)
  if (problem === null) {
    const excerpt = input.text.trim().slice(0, 200)
    return new TallystickError({
      message:
        `${input.request} was answered with ${input.status} and no problem+json${excerpt === '' ? '' : `: ${excerpt}`}. ` +
        `Is ${input.url} a Tallystick server, and does nothing between here and there answer in its place?`,
      status: input.status,
      code: 'unexpected_answer',
    })
  }
  const message = `${problem.detail}${hint(problem, input.url)} (${problem.code}, ${input.request})`
  if (problem.code === 'insufficient_credits') return new InsufficientCreditsError({ message, problem })
  return new TallystickError({
    message,
    status: input.status,
    code: problem.code,
    detail: problem.detail,
    problem,
  })
}

/** What the developer can do about it, where the server cannot know. */
function hint(problem: Problem, url: string): string {
  if (problem.code === 'unauthorized') {
    return ` ${url} does not accept this API key: check TALLYSTICK_API_KEY (\`npx tallystick dev\` writes it to .env.local).`
  }
  return ''
}

function parseProblem(text: string): Problem | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(parsed) || typeof parsed.code !== 'string') return null
  const { code, status, instance } = parsed
  const title = textFact(parsed, 'title') || code
  return {
    ...parsed,
    type: textFact(parsed, 'type') || 'about:blank',
    title,
    status: typeof status === 'number' ? status : 500,
    detail: textFact(parsed, 'detail') || title,
    ...(typeof instance === 'string' ? { instance } : {}),
    code,
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textFact(record: Record<string, unknown>, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}

function isPackOffer(value: unknown): value is PackOffer {
  return isRecord(value) && typeof value.pack === 'string' && isRecord(value.price)
}
