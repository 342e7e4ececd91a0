import { formatId, type Uuid } from '../../kernel/ids.ts'
import { providerRefused } from '../errors.ts'
import type {
  CheckoutCustomer,
  CheckoutPreview,
  CheckoutRequest,
  CheckoutSession,
  PreviewRequest,
  SavedMethodCharge,
} from '../provider.ts'
import type { Charged } from '../told.ts'
import { addPayment } from './payment.ts'
import { type Priced, priceOf } from './price.ts'
import type { Checkout, Purchase, World } from './world.ts'

export function startCheckout(world: World, request: CheckoutRequest): CheckoutSession {
  const priced = purchaseOf(world, request)
  const purchase = { ...priced, orderId: request.orderId, customerId: customerFor(world, request.customer) }
  const sessionId = world.nextId('ses')
  const checkout: Checkout = { sessionId, request, purchase }
  world.checkoutsBySession.set(sessionId, checkout)
  world.checkoutsByOrder.set(request.orderId, checkout)
  return { sessionId, checkoutUrl: `https://checkout.test/${sessionId}` }
}

/** Whom the provider does not know, or knows no more, becomes a new customer. */
function customerFor(world: World, { providerCustomerId }: CheckoutCustomer): string {
  if (providerCustomerId !== undefined && world.customerIds.has(providerCustomerId)) return providerCustomerId
  return addCustomer(world)
}

export function addCustomer(world: World): string {
  const customerId = world.nextId('cus')
  world.customerIds.add(customerId)
  return customerId
}

/** At the price of now. */
export function purchaseOf(world: World, bought: Priced): Omit<Purchase, 'orderId' | 'customerId'> {
  const { productId, quantity, discountCode, billingCountry } = bought
  const billed = world.countries.get(billingCountry ?? '')?.billedIn?.currency
  const settled = priceOf(world, bought)
  return {
    productId,
    quantity,
    charged: chargedFor(billed === undefined ? settled : priceOf(world, bought, billed)),
    settled: chargedFor(settled),
    discountCode: discountCode?.toUpperCase(),
  }
}

function chargedFor({ subtotal, taxMinor, totalMinor }: CheckoutPreview): Charged {
  return { total: { amountMinor: totalMinor, currency: subtotal.currency }, taxMinor }
}

export function previewCheckout(world: World, request: PreviewRequest): CheckoutPreview {
  return priceOf(world, request, request.currency)
}

export function chargeSavedMethod(world: World, charge: SavedMethodCharge): { readonly paymentId: string } {
  const { orderId, providerCustomerId, methodId } = charge
  const methods = world.methodsByCustomer.get(providerCustomerId) ?? []
  const method = methods.find((one) => one.methodId === methodId)
  if (method === undefined)
    throw providerRefused(`the customer ${providerCustomerId} has no payment method ${methodId}`, undefined)
  if (!method.isRecurring)
    throw providerRefused(
      `the payment method ${methodId} cannot be charged without its customer being there`,
      undefined,
    )
  const purchase = { ...purchaseOf(world, charge), orderId, customerId: providerCustomerId }
  return { paymentId: addPayment(world, purchase, { state: 'processing', methodId }).paymentId }
}

/** The one that the order's customer sees. */
export function checkoutOf(world: World, orderId: Uuid): Checkout {
  const checkout = world.checkoutsByOrder.get(orderId)
  if (checkout === undefined)
    throw new Error(`The fake provider has no checkout for the order ${formatId('order', orderId)}.`)
  return checkout
}
