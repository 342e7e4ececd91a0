/** What a checkout in a frame says to the page around it: the message protocol of Dodo's overlay. */
export type CheckoutMessage =
  | { type: 'ready' }
  | { type: 'status'; status: string }
  | { type: 'leave'; to: string }
  | { type: 'closed' }
  | { type: 'expired' }
  | { type: 'error'; message: string }

const urlLengthMax = 2048

/**
 * Reads a message of the frame. Null for what is not meant for us: another origin, another window, another protocol, or
 * an event that needs no answer. A message is a hint only: what was paid is asked of the server.
 */
export function readMessage(
  event: { origin: string; source: unknown; data: unknown },
  frame: { origin: string; window: unknown },
): CheckoutMessage | null {
  if (event.origin !== frame.origin || event.source !== frame.window) return null
  const { event_type: type, data } = isRecord(event.data) ? event.data : {}
  const message = isRecord(data) ? data.message : undefined
  switch (type) {
    case 'checkout.opened':
    case 'checkout.form_ready':
      return { type: 'ready' }
    case 'checkout.status':
      return { type: 'status', status: textOf(message, 'status') }
    case 'checkout.redirect':
    case 'checkout.redirect_requested': {
      const to = textOf(message, 'redirect_to')
      return isWebAddress(to)
        ? { type: 'leave', to }
        : { type: 'error', message: 'The checkout led nowhere.' }
    }
    case 'checkout.closed':
      return { type: 'closed' }
    case 'checkout.link_expired':
      return { type: 'expired' }
    case 'checkout.error':
      return { type: 'error', message: typeof message === 'string' ? message : textOf(message, 'message') }
    default:
      return null
  }
}

const dodoHosts = new Set(['checkout.dodopayments.com', 'test.checkout.dodopayments.com'])

/** Dodo's own overlay opens Dodo's hosts and no others; ours opens the local one. */
export function isDodoHost(checkoutUrl: string): boolean {
  return dodoHosts.has(new URL(checkoutUrl).hostname)
}

/** `/session/cks_…` as the frame wants it: the same page without its surroundings, which leaves going back to us. */
export function overlayUrl(checkoutUrl: string): string {
  const url = new URL(checkoutUrl)
  url.pathname = url.pathname.replace(/\/session\//, '/overlay/session/')
  url.searchParams.set('manualRedirect', 'true')
  return url.href
}

function isWebAddress(text: string): boolean {
  return text.length <= urlLengthMax && /^https?:\/\//.test(text) && URL.canParse(text)
}

function textOf(value: unknown, name: string): string {
  const text = isRecord(value) ? value[name] : undefined
  return typeof text === 'string' ? text : ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
