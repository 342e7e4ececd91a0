/** The Tallystick client: see the package's README. */
export type {
  Api,
  ChargeInput,
  CheckoutInput,
  GrantInput,
  HoldInput,
  PageInput,
  ReadOptions,
  Spend,
  WriteOptions,
} from './api/client.ts'
export { InsufficientCreditsError, TallystickError, TallystickUnavailableError } from './api/errors.ts'
export type { Fetch } from './api/http.ts'
export type { Surroundings } from './api/surroundings.ts'
export type {
  Balance,
  BalanceWithLots,
  Charge,
  Customer,
  Entries,
  Entry,
  Grant,
  Hold,
  Lot,
  Money,
  Order,
  Orders,
  PackOffer,
  PaidFrom,
  Prices,
  Problem,
  Verification,
} from './api/wire.ts'
export type { ActionOf, AnyCatalog, CatalogShape, PackOf, UnitOf } from './catalog.ts'
export { type Client, type ClientOptions, createClient } from './create-client.ts'
export type {
  AccountingTrouble,
  HeldCredits,
  OnAccountingError,
  Receipt,
  WithCreditsInput,
} from './with-credits.ts'
