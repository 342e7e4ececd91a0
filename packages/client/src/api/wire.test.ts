import { expectTypeOf, test } from 'vitest'
import type {
  Answer,
  Balance,
  BalanceWithLots,
  Body,
  Charge,
  Customer,
  Entry,
  Grant,
  Hold,
  Lot,
  Money,
  Order,
  PaidFrom,
  Prices,
  Verification,
} from './wire.ts'

test('every type that is read off the OpenAPI document is there', () => {
  // A path whose shape is not recognised would be never, which is assignable to everything and fails nowhere.
  expectTypeOf<Balance>().not.toBeNever()
  expectTypeOf<BalanceWithLots>().not.toBeNever()
  expectTypeOf<Charge>().not.toBeNever()
  expectTypeOf<Customer>().not.toBeNever()
  expectTypeOf<Entry>().not.toBeNever()
  expectTypeOf<Grant>().not.toBeNever()
  expectTypeOf<Hold>().not.toBeNever()
  expectTypeOf<Lot>().not.toBeNever()
  expectTypeOf<Money>().not.toBeNever()
  expectTypeOf<Order>().not.toBeNever()
  expectTypeOf<PaidFrom>().not.toBeNever()
  expectTypeOf<Prices>().not.toBeNever()
  expectTypeOf<Verification>().not.toBeNever()
  expectTypeOf<Body<'post', '/v1/holds'>>().not.toBeNever()
  expectTypeOf<Body<'post', '/v1/checkouts'>>().not.toBeNever()
})

test('amounts are text, money is in whole minor units, states are named', () => {
  expectTypeOf<Balance['spendable']>().toEqualTypeOf<string>()
  expectTypeOf<Money>().toEqualTypeOf<{ amount_minor: number; currency: string }>()
  expectTypeOf<Hold['state']>().toEqualTypeOf<'placed' | 'captured' | 'released' | 'lapsed'>()
  expectTypeOf<Answer<'get', '/v1/holds/{hold}'>>().toEqualTypeOf<Hold>()
})
