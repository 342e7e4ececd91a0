import { describe, expect, it } from 'vitest'
import { isDodoHost, overlayUrl, readMessage } from './messages.ts'

const child = {}
const frame = { origin: 'http://localhost:4200', window: child }
const from = (data: unknown, origin = frame.origin, source: unknown = child) =>
  readMessage({ origin, source, data }, frame)
const event = (event_type: string, message?: unknown) => ({ event_type, data: { message } })

describe('a message of the checkout frame', () => {
  it('is read in the words of Dodo’s overlay', () => {
    expect(from(event('checkout.form_ready'))).toEqual({ type: 'ready' })
    expect(from(event('checkout.status', { status: 'succeeded' }))).toEqual({
      type: 'status',
      status: 'succeeded',
    })
    expect(from(event('checkout.closed'))).toEqual({ type: 'closed' })
    expect(from(event('checkout.link_expired'))).toEqual({ type: 'expired' })
    expect(from(event('checkout.error', { message: 'no' }))).toEqual({ type: 'error', message: 'no' })
    expect(from(event('checkout.redirect', { redirect_to: 'http://localhost:4000/' }))).toEqual({
      type: 'leave',
      to: 'http://localhost:4000/',
    })
  })

  it('counts for nothing from another origin or another window', () => {
    expect(from(event('checkout.closed'), 'http://localhost:4201')).toBeNull()
    expect(from(event('checkout.closed'), 'https://localhost:4200')).toBeNull()
    expect(from(event('checkout.closed'), frame.origin, {})).toBeNull()
    expect(from(event('checkout.closed'), frame.origin, null)).toBeNull()
  })

  it('leads nowhere but to web addresses', () => {
    const to = (redirect_to: unknown) => from(event('checkout.redirect', { redirect_to }))
    expect(to('javascript:alert(1)')).toMatchObject({ type: 'error' })
    expect(to(`https://example.com/${'x'.repeat(3000)}`)).toMatchObject({ type: 'error' })
    expect(to(undefined)).toMatchObject({ type: 'error' })
  })

  it.each([
    null,
    undefined,
    'checkout.closed',
    7,
    [],
    {},
    { event_type: 'checkout.resize' },
    { event_type: 'x', data: null },
  ])('of another protocol is left alone: %j', (data) => {
    expect(from(data)).toBeNull()
  })
})

describe('a checkout address', () => {
  it('is Dodo’s own only by its whole host', () => {
    expect(isDodoHost('https://test.checkout.dodopayments.com/session/cks_1')).toBe(true)
    expect(isDodoHost('https://checkout.dodopayments.com/session/cks_1')).toBe(true)
    expect(isDodoHost('https://checkout.dodopayments.com.example.org/session/cks_1')).toBe(false)
    expect(isDodoHost('http://localhost:4200/session/cks_1')).toBe(false)
  })

  it('opens in the frame without its surroundings, and leaves the way back to us', () => {
    expect(overlayUrl('http://localhost:4200/session/cks_1?a=b')).toBe(
      'http://localhost:4200/overlay/session/cks_1?a=b&manualRedirect=true',
    )
  })
})
