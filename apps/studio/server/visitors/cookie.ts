import { createHmac, timingSafeEqual } from 'node:crypto'

export const cookieName = 'darkroom'

/** `visitor.signature`: who has the cookie is the customer, and only this studio can have written it. */
export function signVisitor(visitor: string, secret: Uint8Array): string {
  return `${visitor}.${signature(visitor, secret)}`
}

/** The visitor a cookie names, or null when it was not signed with this secret. */
export function readVisitor(cookie: string | undefined, secret: Uint8Array): string | null {
  const [visitor, given, ...rest] = (cookie ?? '').split('.')
  if (visitor === undefined || given === undefined || rest.length > 0) return null
  if (!/^visitor_[0-9a-f]{24}$/.test(visitor)) return null
  const expected = Buffer.from(signature(visitor, secret))
  const actual = Buffer.from(given)
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? visitor : null
}

export function newVisitor(randomBytes: (count: number) => Uint8Array): string {
  return `visitor_${Buffer.from(randomBytes(12)).toString('hex')}`
}

function signature(visitor: string, secret: Uint8Array): string {
  return createHmac('sha256', secret).update(visitor).digest('base64url')
}
