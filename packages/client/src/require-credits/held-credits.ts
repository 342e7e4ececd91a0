import type { HeldCredits } from '../with-credits.ts'

// Beside the request, not on it: requests are frozen on some platforms, and typed on all.
const heldByRequest = new WeakMap<object, HeldCredits>()

export function rememberHeld(request: object, held: HeldCredits): void {
  heldByRequest.set(request, held)
}

/**
 * The hold under which this handler runs: to say how much was used, or to stop when the caller leaves. Takes what the
 * handler was given first: the request, or Hono's context.
 *
 * @throws Error when no `requireCredits` stands before the handler
 */
export function heldCredits(request: object): HeldCredits {
  const held = heldByRequest.get(request)
  if (held === undefined)
    throw new Error('No credits are held for this request: put requireCredits before its handler.')
  return held
}
