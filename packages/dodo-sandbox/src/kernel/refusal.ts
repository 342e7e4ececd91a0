/** An answer that says no, in Dodo's form: an HTTP status and a body of `code` and `message`. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const unauthorized = () =>
  new Refusal(
    401,
    'UNAUTHORIZED',
    'The API key is missing or is not the one this local Dodo was started with.',
  )

export const notFound = (what: string, id: string) =>
  new Refusal(404, 'NOT_FOUND', `There is no ${what} ${id}.`)

export const invalidBody = (message: string) => new Refusal(422, 'INVALID_REQUEST_BODY', message)

export const invalidParameters = (message: string) => new Refusal(422, 'INVALID_REQUEST_PARAMETERS', message)

/** What Dodo can do and this program cannot yet. A plain 501 is better than an answer that pretends. */
export const notCovered = (what: string) =>
  new Refusal(501, 'NOT_COVERED_BY_LOCAL_DODO', `The local Dodo does not cover ${what} yet.`)
