import { decimalFromCredits, micros } from '../../kernel/credits.ts'
import { providerRefused } from '../errors.ts'
import type { CreditPosting } from '../provider.ts'
import type { BarePayment, FakeGrant, World } from './world.ts'

export function ensureEntitlement(world: World, unit: string): string {
  const known = world.entitlementsByUnit.get(unit)
  if (known !== undefined) return known
  const made = `cde_${unit}`
  world.entitlementsByUnit.set(unit, made)
  return made
}

/** Grants what a payment's product brings by the provider's own credit system. */
export function grantBought(world: World, payment: BarePayment): void {
  for (const { productId, quantity } of payment.cart ?? []) {
    const entitlement = world.productsById.get(productId)?.entitlement
    if (entitlement === undefined || payment.providerCustomerId === undefined) continue
    world.grants.push({
      grantId: world.nextId('grant'),
      providerCustomerId: payment.providerCustomerId,
      entitlementId: ensureEntitlement(world, entitlement.unit),
      credits: decimalFromCredits(micros(entitlement.credits * BigInt(quantity))),
      referenceId: payment.paymentId,
      createdAt: world.now(),
    })
  }
}

export function grantsOf(world: World, entitlementId: string, customerId: string): FakeGrant[] {
  return world.grants.filter(
    (grant) => grant.entitlementId === entitlementId && grant.providerCustomerId === customerId,
  )
}

/** A key that was seen posts nothing, whatever comes with it. */
export function postCredits(world: World, posting: CreditPosting): void {
  const { entitlementId, providerCustomerId, key } = posting
  if (![...world.entitlementsByUnit.values()].includes(entitlementId))
    throw providerRefused(`there is no credit entitlement ${entitlementId}`, undefined)
  if (!world.customerIds.has(providerCustomerId))
    throw providerRefused(`there is no customer ${providerCustomerId}`, undefined)
  if (!world.postingsByKey.has(key)) world.postingsByKey.set(key, posting)
}
