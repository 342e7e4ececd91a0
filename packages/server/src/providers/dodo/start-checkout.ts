import type { CheckoutSessionCreateParams } from 'dodopayments/resources/checkout-sessions'
import type { CountryCode, Currency } from 'dodopayments/resources/misc'
import { formatId } from '../../kernel/ids.ts'
import { Fault } from '../../kernel/refusal.ts'
import { providerRefused } from '../errors.ts'
import type {
  CheckoutCustomer,
  CheckoutPreview,
  CheckoutRequest,
  CheckoutSession,
  PreviewRequest,
  SavedMethodCharge,
} from '../provider.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { orderMetadataKey } from './read-payment.ts'

/** A checkout session whose payment will carry our order's id. Sent once: a session whose answer was lost is never paid. */
export async function startCheckout(dodo: Dodo, request: CheckoutRequest): Promise<CheckoutSession> {
  return withCustomer(request.customer, (customer) => createSession(dodo, request, customer))
}

type SessionCustomer = NonNullable<CheckoutSessionCreateParams['customer']>

/** As the customer whom Dodo knows; as a new one where it does not. */
async function withCustomer<T>(
  customer: CheckoutCustomer,
  ask: (customer: SessionCustomer | undefined) => Promise<T>,
): Promise<T> {
  const { providerCustomerId } = customer
  if (providerCustomerId === undefined) return ask(newCustomer(customer))
  try {
    return await ask({ customer_id: providerCustomerId })
  } catch (error) {
    // Whom we remember may be gone (deleted, or of another Dodo account). A refusal has made nothing, so it is safe to ask once more.
    if (!(error instanceof Fault) || error.code !== 'provider_refused') throw error
    return ask(newCustomer(customer))
  }
}

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
  const { returnUrl, cancelUrl } = request
  const session = await callDodo(
    dodo,
    (client) =>
      client.checkoutSessions.create(
        {
          ...whatIsBought(request),
          ...orderMetadata(request),
          // Else Dodo takes whoever types an e-mail for its owner, whose portal and ways to pay would then be this customer's.
          feature_flags: { ...fixedPrice, always_create_new_customer: true },
          return_url: returnUrl,
          ...(cancelUrl === undefined ? {} : { cancel_url: cancelUrl }),
          ...(customer === undefined ? {} : { customer }),
        },
        { maxRetries: 0 },
      ),
    request.discountCode,
  )
  const { session_id: sessionId, checkout_url: checkoutUrl } = session
  if (typeof checkoutUrl !== 'string')
    throw providerRefused('it answered a checkout without an address', undefined)
  return { sessionId, checkoutUrl }
}

type Bought = Pick<
  CheckoutRequest,
  'productId' | 'quantity' | 'amountMinor' | 'discountCode' | 'billingCountry'
>

// An order's price is frozen in it, and what was paid is held against it: another code of the customer's would make them differ.
const fixedPrice = { allow_discount_code: false }

function whatIsBought({ productId, quantity, amountMinor, discountCode, billingCountry }: Bought) {
  return {
    product_cart: [
      {
        product_id: productId,
        quantity,
        ...(amountMinor === undefined ? {} : { amount: Number(amountMinor) }),
      },
    ],
    feature_flags: fixedPrice,
    ...(discountCode === undefined ? {} : { discount_codes: [discountCode] }),
    ...(billingCountry === undefined ? {} : { billing_address: { country: billingCountry as CountryCode } }),
  }
}

function orderMetadata({ orderId }: Pick<CheckoutRequest, 'orderId'>) {
  return { metadata: { [orderMetadataKey]: formatId('order', orderId) } }
}

/** What it would cost, asked of Dodo, for its rounding is its own. */
export async function previewCheckout(dodo: Dodo, request: PreviewRequest): Promise<CheckoutPreview> {
  const bought = { ...whatIsBought(request), billing_currency: request.currency as Currency }
  const preview = await withCustomer(request.customer, (customer) =>
    callDodo(
      dodo,
      (client) =>
        client.checkoutSessions.preview({ ...bought, ...(customer === undefined ? {} : { customer }) }),
      request.discountCode,
    ),
  )
  const { subtotal, discount, tax, total_amount: total } = preview.current_breakup
  return {
    subtotal: { amountMinor: BigInt(subtotal), currency: preview.currency },
    discountMinor: BigInt(discount),
    taxMinor: BigInt(tax ?? 0),
    totalMinor: BigInt(total),
  }
}

/** Charged at once, with the method that the customer saved. Sent once. */
export async function chargeSavedMethod(
  dodo: Dodo,
  charge: SavedMethodCharge,
): Promise<{ paymentId: string }> {
  const answer = await callDodo(dodo, (client) =>
    client.checkoutSessions.create(
      {
        ...whatIsBought(charge),
        ...orderMetadata(charge),
        customer: { customer_id: charge.providerCustomerId },
        payment_method_id: charge.methodId,
        confirm: true,
        minimal_address: true,
      },
      { maxRetries: 0 },
    ),
  )
  if (typeof answer.payment_id !== 'string')
    throw providerRefused('it answered a charge without a payment', undefined)
  return { paymentId: answer.payment_id }
}
