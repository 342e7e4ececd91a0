/**
 * The three kinds of error, told apart by type.
 *
 * - A refusal is an answer: the request was understood, and no. Each is defined once by `refusal`, with all that the API and the
 *   docs say of it, and is thrown, for in a transaction a throw is a rollback.
 * - A fault is the world failing: the database away, the provider timing out. It says whether to try again.
 * - A bug is a broken `invariant`. It is caught nowhere but at the edge, where it ends the request with a 500.
 */

export type Facts = Readonly<Record<string, unknown>>

export interface RefusalDefinition<F extends Facts> {
  /** What programs compare: `insufficient_credits`. Never changes once published. */
  readonly code: string
  readonly status: number
  readonly title: string
  /** One or two sentences: what was wrong, and what to do. */
  detail(facts: F): string
  /** What an operator or developer does about it, for its page in the docs. */
  readonly help: string
}

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly status: number
  readonly title: string
  readonly facts: Facts

  constructor(
    definition: Pick<RefusalDefinition<never>, 'code' | 'status' | 'title'>,
    detail: string,
    facts: Facts,
  ) {
    super(detail)
    this.code = definition.code
    this.status = definition.status
    this.title = definition.title
    this.facts = facts
  }
}

export interface RefusalMaker<F extends Facts> {
  (facts: F): Refusal
  readonly definition: RefusalDefinition<F>
}

/** Defines a refusal. Calling what it returns makes one, to be thrown. */
export function refusal<F extends Facts>(definition: RefusalDefinition<F>): RefusalMaker<F> {
  return Object.assign((facts: F) => new Refusal(definition, definition.detail(facts), facts), { definition })
}

export interface FaultOptions {
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean
  readonly cause?: unknown
}

export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: string
  readonly retryable: boolean

  constructor(code: string, message: string, options: FaultOptions) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = options.retryable
  }
}

export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Asserts what the code relies on. A failure is a bug of ours, never the caller's. */
export function invariant(condition: unknown, promise: string): asserts condition {
  if (condition === false || condition === null || condition === undefined)
    throw new InvariantError(`Broken promise: ${promise}.`)
}
