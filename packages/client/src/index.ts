/** The Tallystick client: see the package's README. */
export type {
  AdjustInput,
  Api,
  CaptureInput,
  ChargeInput,
  CheckoutInput,
  EntriesInput,
  GrantInput,
  HoldInput,
  Limit,
  LotInput,
  PageInput,
  ReadOptions,
  RefundInput,
  RevokeInput,
  Spend,
  WriteOptions,
} from './api/client.ts'
export { InsufficientCreditsError, TallystickError, TallystickUnavailableError } from './api/errors.ts'
export type { Fetch } from './api/http.ts'
export type { Surroundings } from './api/surroundings.ts'
export type {
  Adjustment,
  Balance,
  BalanceWithLots,
  BatchOperation,
  BatchOutcome,
  Capture,
  Charge,
  Customer,
  Entries,
  Entry,
  Grant,
  Hold,
  Lot,
  LotChange,
  LotShare,
  Merge,
  Money,
  Order,
  Orders,
  OwnedLot,
  PackOffer,
  PastBalance,
  PlacedHold,
  Prices,
  Problem,
  Quote,
  Refund,
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
