import type { Order, PackOf } from '@tallystick/client'
import type catalog from '../../tallystick.config.ts'
import type { Parts } from '../parts.ts'
import type { Visitor } from '../visitors/visitor.ts'

export type PackName = PackOf<typeof catalog>

/** Asks the server for a checkout of this pack, and remembers the order so that a restart goes on watching it. */
export async function startCheckout(
  parts: Pick<Parts, 'credits' | 'now'>,
  visitor: Visitor,
  input: { pack: PackName; origin: string },
): Promise<Order> {
  // #region life:buy life:session
  const { customer } = visitor
  visitor.record('buy', `Pack ${input.pack} chosen`, { customer, pack: input.pack })
  const order = await parts.credits.checkout({
    customer,
    pack: input.pack,
    return_url: `${input.origin}/?back=paid`,
    cancel_url: `${input.origin}/?back=cancelled`,
  })
  visitor.record('session', `Checkout session ${order.provider_session ?? ''}`.trim(), order)
  // #endregion life:buy life:session
  await visitor.openOrder({ order: order.id, opened_at: parts.now().toISOString() })
  return order
}
