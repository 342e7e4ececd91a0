import { providerRefused } from '../errors.ts'
import type { PaymentMethod } from '../told.ts'
import type { World } from './world.ts'

export function paymentMethodsOf(world: World, customerId: string): readonly PaymentMethod[] {
  return world.methodsByCustomer.get(knownCustomer(world, customerId)) ?? []
}

/** A card that can be charged again, unless said otherwise. */
export function saveMethod(world: World, customerId: string, method: Partial<PaymentMethod>): PaymentMethod {
  const saved: PaymentMethod = {
    methodId: world.nextId('pm'),
    kind: 'card',
    network: 'visa',
    lastFour: '4242',
    expiry: { month: '12', year: '2030' },
    isRecurring: true,
    ...method,
  }
  world.methodsByCustomer.set(customerId, [...paymentMethodsOf(world, customerId), saved])
  return saved
}

export function deleteMethod(world: World, customerId: string, methodId: string): void {
  const methods = world.methodsByCustomer.get(customerId) ?? []
  world.methodsByCustomer.set(
    customerId,
    methods.filter((method) => method.methodId !== methodId),
  )
}

export function portalLink(world: World, customerId: string): string {
  return `https://portal.test/${knownCustomer(world, customerId)}`
}

function knownCustomer(world: World, customerId: string): string {
  if (!world.customerIds.has(customerId))
    throw providerRefused(`there is no customer ${customerId}`, undefined)
  return customerId
}
