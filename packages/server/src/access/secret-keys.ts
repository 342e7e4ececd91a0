import { createHash, timingSafeEqual } from 'node:crypto'
import type { Mode } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import { unauthorized } from './errors.ts'

export interface SecretKeys {
  readonly mode: Mode
  /** @throws unauthorized unless the headers carry one of the keys */
  readonly authenticate: (headers: Headers) => void
}

/** A live key guards money: too short to guess is not left to chance. */
const liveSecretLengthMin = 16

/**
 * Reads the keys that a server accepts, all of one mode.
 *
 * @throws Fault invalid_api_key, which names no key
 */
export function secretKeys(keys: readonly string[]): SecretKeys {
  const modes = new Set(keys.map(modeOf))
  const [mode] = modes
  if (mode === undefined) throw invalidKey('No secret key is given, so nobody could call the server.')
  if (modes.size > 1)
    throw invalidKey('Test keys and live keys are mixed. A server serves one mode: start one for each.')
  const digests = keys.map(digest)
  return {
    mode,
    authenticate: (headers) => {
      const sent = bearerKey(headers.get('authorization'), mode)
      const sentDigest = digest(sent)
      // All are compared, so that the time tells nothing of which one it was.
      const known = digests.filter((accepted) => timingSafeEqual(accepted, sentDigest)).length > 0
      if (!known) throw unauthorized({ reason: 'The secret key is not one of this server.' })
    },
  }
}

function modeOf(key: string): Mode {
  const [, mode, secret = ''] = /^tsk_(test|live)_([\w-]+)$/.exec(key) ?? []
  if (mode !== 'test' && mode !== 'live')
    throw invalidKey('A secret key starts with tsk_test_ or tsk_live_, followed by letters and digits.')
  if (mode === 'live' && secret.length < liveSecretLengthMin)
    throw invalidKey(
      `A live key needs at least ${liveSecretLengthMin} random characters after tsk_live_. Make one: node -p "'tsk_live_' + crypto.randomBytes(24).toString('hex')"`,
    )
  return mode
}

function bearerKey(authorization: string | null, mode: Mode): string {
  if (authorization === null || authorization === '')
    throw unauthorized({ reason: 'The request carries no key.' })
  const key = /^bearer +(\S+)$/i.exec(authorization)?.[1]
  if (key === undefined)
    throw unauthorized({ reason: 'The Authorization header is not of the form Bearer tsk_….' })
  if (/^tsk_(test|live)_/.exec(key)?.[1] === (mode === 'test' ? 'live' : 'test'))
    throw unauthorized({ reason: `The server is in ${mode} mode and the key is of the other one.` })
  return key
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

function invalidKey(message: string): Fault {
  return new Fault('invalid_api_key', message, { retryable: false })
}
