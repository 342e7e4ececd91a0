import { expectTypeOf, test } from 'vitest'
import type {
  Adjustment,
  Answer,
  Balance,
  BalanceWithLots,
  BatchOperation,
  BatchOutcome,
  BlockInput,
  Body,
  Capture,
  Charge,
  Customer,
  Entry,
  Grant,
  Hold,
  Invoice,
  Lot,
  LotChange,
  LotShare,
  Merge,
  Money,
  Order,
  OwnedLot,
  PastBalance,
  PlacedHold,
  Prices,
  Quote,
  Refund,
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
  expectTypeOf<Merge>().not.toBeNever()
  expectTypeOf<Money>().not.toBeNever()
  expectTypeOf<Order>().not.toBeNever()
  expectTypeOf<LotShare>().not.toBeNever()
  expectTypeOf<Adjustment>().not.toBeNever()
  expectTypeOf<BatchOperation>().not.toBeNever()
  expectTypeOf<BatchOutcome>().not.toBeNever()
  expectTypeOf<BlockInput>().not.toBeNever()
  expectTypeOf<Capture>().not.toBeNever()
  expectTypeOf<LotChange>().not.toBeNever()
  expectTypeOf<OwnedLot>().not.toBeNever()
  expectTypeOf<PastBalance>().not.toBeNever()
  expectTypeOf<PlacedHold>().not.toBeNever()
  expectTypeOf<Quote>().not.toBeNever()
  expectTypeOf<Refund>().not.toBeNever()
  expectTypeOf<Prices>().not.toBeNever()
  expectTypeOf<Verification>().not.toBeNever()
  expectTypeOf<Body<'post', '/v1/holds'>>().not.toBeNever()
  expectTypeOf<Body<'post', '/v1/checkouts'>>().not.toBeNever()
})

test('a file is bytes, and what is JSON is none', () => {
  expectTypeOf<Invoice>().toEqualTypeOf<Uint8Array<ArrayBuffer>>()
  expectTypeOf<Extract<Order, Uint8Array>>().toBeNever()
})

test('amounts are text, money is in whole minor units, states are named', () => {
  expectTypeOf<Balance['spendable']>().toEqualTypeOf<string>()
  expectTypeOf<Money>().toEqualTypeOf<{ amount_minor: number; currency: string }>()
  expectTypeOf<Hold['state']>().toEqualTypeOf<'placed' | 'captured' | 'released' | 'lapsed'>()
  expectTypeOf<Answer<'post', '/v1/holds/{hold}/release'>>().toEqualTypeOf<Hold>()
  expectTypeOf<Extract<BatchOutcome, { ok: true; op: 'charge' }>>().toExtend<Charge>()
  expectTypeOf<Extract<BatchOutcome, { ok: false }>['problem']['code']>().toEqualTypeOf<string>()
})
