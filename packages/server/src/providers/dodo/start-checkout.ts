import type { CheckoutSessionCreateParams } from 'dodopayments/resources/checkout-sessions'
import { formatId } from '../../kernel/ids.ts'
import { Fault } from '../../kernel/refusal.ts'
import { providerRefused } from '../errors.ts'
import type { CheckoutCustomer, CheckoutRequest, CheckoutSession } from '../provider.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { orderMetadataKey } from './read-message.ts'

/** A checkout session whose payment will carry our order's id. Sent once: a session whose answer was lost is never paid. */
export async function startCheckout(dodo: Dodo, request: CheckoutRequest): Promise<CheckoutSession> {
  const { email, providerCustomerId } = request.customer
  if (providerCustomerId === undefined) return createSession(dodo, request, newCustomer(request.customer))
  try {
    return await createSession(dodo, request, { customer_id: providerCustomerId })
  } catch (error) {
    // Whom we remember may be gone (deleted, or of another Dodo account). A refusal has made nothing, so it is safe to ask once more.
    if (!(error instanceof Fault) || error.code !== 'provider_refused') throw error
    return createSession(dodo, request, email === undefined ? undefined : newCustomer(request.customer))
  }
}

type SessionCustomer = NonNullable<CheckoutSessionCreateParams['customer']>

/** Dodo wants an e-mail; without one the customer is left out and its form asks. */
function newCustomer({ email, name }: CheckoutCustomer): SessionCustomer | undefined {
  if (email === undefined) return undefined
  return { email, ...(name === undefined ? {} : { name }) }
}

async function createSession(
  dodo: Dodo,
  request: CheckoutRequest,
  customer: SessionCustomer | undefined,
): Promise<CheckoutSession> {
  const { orderId, productId, quantity, returnUrl, cancelUrl } = request
  const session = await callDodo(dodo, (client) =>
    client.checkoutSessions.create(
      {
        product_cart: [{ product_id: productId, quantity }],
        // An order's price is frozen in it, and what was paid is held against it: a code of the customer's would make them differ.
        feature_flags: { allow_discount_code: false },
        metadata: { [orderMetadataKey]: formatId('order', orderId) },
        return_url: returnUrl,
        ...(cancelUrl === undefined ? {} : { cancel_url: cancelUrl }),
        ...(customer === undefined ? {} : { customer }),
      },
      { maxRetries: 0 },
    ),
  )
  const { session_id: sessionId, checkout_url: checkoutUrl } = session
  if (typeof checkoutUrl !== 'string')
    throw providerRefused('it answered a checkout without an address', undefined)
  return { sessionId, checkoutUrl }
}
