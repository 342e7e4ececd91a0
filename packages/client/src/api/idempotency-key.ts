import type { Surroundings } from './surroundings.ts'

/** A UUIDv7: its time comes first, so that the server's index of keys grows at its end. */
export function newIdempotencyKey(surroundings: Pick<Surroundings, 'now' | 'randomBytes'>): string {
  const time = surroundings.now().toString(16).padStart(12, '0')
  const random = Array.from(surroundings.randomBytes(10), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  )
  // The fourth group starts with the variant's two bits 10 and two random bits: one of 8, 9, a, b.
  const variant = '89ab'.charAt(Number.parseInt(random.charAt(3), 16) & 3)
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${random.slice(0, 3)}`,
    `${variant}${random.slice(4, 7)}`,
    random.slice(7, 19),
  ].join('-')
}
