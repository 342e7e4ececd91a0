import { z } from 'zod'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

// Dodo documents no number; a request's headers altogether are some kilobytes for every server.
const headersMax = 50

/** Headers that an endpoint wants with every webhook. A name or value that no request can carry is refused here, not at delivery. */
export const endpointHeadersSchema = z
  .record(
    z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'is no header name'),
    z
      .string()
      .max(1000)
      .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'is no header value'),
  )
  .refine((headers) => Object.keys(headers).length <= headersMax, `has more than ${headersMax} headers`)

export const updateHeadersSchema = z.object({ headers: endpointHeadersSchema })

// Which names Dodo holds for sensitive is not documented: those that carry credentials.
const sensitive = /^(?:proxy-)?authorization$|^cookie$|auth|api-?key|token|secret|password/i

/** The headers as the API shows them: of sensitive ones the names alone. */
export function shownHeaders(headers: Record<string, string>): {
  headers: Record<string, string>
  sensitive: string[]
} {
  const entries = Object.entries(headers)
  return {
    headers: Object.fromEntries(entries.filter(([name]) => !sensitive.test(name))),
    sensitive: entries.map(([name]) => name).filter((name) => sensitive.test(name)),
  }
}

/** What is kept of a request's headers, for people to look at. */
export function withoutSensitiveValues(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, sensitive.test(name) ? '(hidden)' : value]),
  )
}

export interface UpdateHeaders {
  endpointId: string
  headers: Record<string, string>
}

/** Adds headers, and changes those that are there already, however their names are spelt. */
export function updateHeaders(tx: Transaction, { endpointId, headers }: UpdateHeaders): void {
  const stored = queries.findEndpoint(tx, endpointId)
  if (!stored) throw notFound('webhook', endpointId)
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const kept = Object.entries(stored.headers).filter(([name]) => !given.has(name.toLowerCase()))
  queries.updateEndpointHeaders(tx, endpointId, { ...Object.fromEntries(kept), ...headers })
}
