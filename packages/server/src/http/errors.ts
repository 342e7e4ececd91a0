import { refusal } from '../kernel/refusal.ts'

export const notFound = refusal({
  code: 'not_found',
  status: 404,
  title: 'Not found',
  detail: (facts: { method: string; path: string; hint: string }) =>
    `There is no ${facts.method} ${facts.path}. ${facts.hint}`,
  help: 'All routes are listed in /openapi.json.',
})

export const methodNotAllowed = refusal({
  code: 'method_not_allowed',
  status: 405,
  title: 'Wrong method',
  detail: (facts: { method: string; path: string; allowed: readonly string[] }) =>
    `${facts.path} does not answer ${facts.method}. Use ${facts.allowed.join(' or ')}.`,
  help: 'The header `allow` names the methods that the path answers.',
})

export const bodyTooLarge = refusal({
  code: 'body_too_large',
  status: 413,
  title: 'The body is too large',
  detail: (facts: { bytesMax: number }) => `A body has at most ${facts.bytesMax} bytes.`,
  help: 'Few requests of this API need a large body: look at what is sent. A batch that is too large is sent in two.',
})

export const unsupportedMediaType = refusal({
  code: 'unsupported_media_type',
  status: 415,
  title: 'The body is not JSON',
  detail: (facts: { contentType: string | null }) =>
    `The content type is ${facts.contentType ?? 'missing'}. Send JSON, with the header content-type: application/json.`,
  help: 'Bodies are JSON in UTF-8.',
})

/** What a bug answers: documented like the refusals, and the one problem that says nothing of its cause. */
export const internalError = refusal({
  code: 'internal_error',
  status: 500,
  title: 'Something broke on our side',
  detail: (facts: { requestId: string }) =>
    `The request ${facts.requestId} ended in a bug of the server. The same request with the same key can be repeated safely.`,
  help: "Search the server's log for the request id in `instance`; the line has the error and where it happened.",
})

/** The title of every fault: the world failed, the caller may try again. */
const away = 'Something the server needs is away'

/** What the fault of this code answers, documented like the refusals: every route may meet it. */
export const databaseUnavailable = refusal({
  code: 'database_unavailable',
  status: 503,
  title: away,
  detail: (facts: { reason: string }) => facts.reason,
  help: 'The database does not answer, or the server is ending. Repeat the request with the same key: it happens once. Look whether Postgres is running, and whether DATABASE_URL is right. Other faults answer 503 with a `code` of their own, such as `provider_unavailable`.',
})

/** Under `tallystick dev` alone. */
export const notForPages = refusal({
  code: 'not_for_pages',
  status: 403,
  title: 'Not for web pages',
  detail: ({ host }: { host?: string }) =>
    host === undefined
      ? 'The routes under /dev are called by programs on this machine, not by a browser.'
      : `The routes under /dev answer at localhost and 127.0.0.1, and this request was sent to ${host}.`,
  help: 'Without this any page that is open in the browser could end the server.',
})
