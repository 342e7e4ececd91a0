import { createHash } from 'node:crypto'
import { isUuid, uuidFromDigest } from '../kernel/ids.ts'
import type { Key } from './operations.ts'

/**
 * The key that a caller chose. UUIDs are stored as they are; other text, and UUIDv8 (ours are), as a hash: so no caller can name an internal key.
 *
 * @param operation what is asked for, so that one key cannot be a charge's and a hold's
 * @param body the parsed body without defaults and server time, so that the same request has the same fingerprint for good
 */
export function callerKey(text: string, operation: string, body: unknown): Key {
  const lower = text.toLowerCase()
  const isOurs = lower.charAt(14) === '8'
  const id = isUuid(lower) && !isOurs ? lower : derived('caller', text)
  return { id, fingerprint: fingerprint(`${operation}\n${canonicalJson(body)}`) }
}

/** A key of our own, such as `payment:dodo:pay_…`: its name says all, so its body is its name. */
export function internalKey(name: string): Key {
  return { id: derived('internal', name), fingerprint: fingerprint(name) }
}

function derived(namespace: string, text: string): string {
  return uuidFromDigest(createHash('sha256').update(`${namespace}\n${text}`).digest())
}

function fingerprint(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigInt64BE(0)
}

/** JSON with sorted keys, so that the order in which a client writes its fields does not matter. Credits are written as text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return part.toString()
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
