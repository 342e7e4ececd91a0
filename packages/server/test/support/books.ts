/** Orders, and whatever a provider tells of them, settled over a database: without a provider, its messages and its time. */
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import {
  type DisputesDefinition,
  defineCatalog,
  pack,
  type RefundsDefinition,
  usd,
} from '../../src/catalog/define-catalog.ts'
import { type Customers, createCustomers } from '../../src/customers/customers.ts'
import type { Database, Transaction } from '../../src/database/database.ts'
import { type Uuid, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import { invariant } from '../../src/kernel/refusal.ts'
import { newId } from '../../src/ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import type { LotView } from '../../src/ledger/lot-view.ts'
import { createOrder } from '../../src/orders/create-order.ts'
import type { Bought } from '../../src/payments/payment.ts'
import { findPayment } from '../../src/payments/queries.ts'
import { settleEvent } from '../../src/payments/settle-event.ts'
import type { SettleContext } from '../../src/payments/settle-payment.ts'
import type { Settled } from '../../src/payments/settled.ts'
import type { ProviderEvent } from '../../src/providers/provider.ts'
import type { ProviderDispute, ProviderPayment, ProviderRefund } from '../../src/providers/told.ts'
import { type Driver, openTestDatabase } from './shop.ts'

const provider = 'dodo'

export interface BooksPolicies {
  readonly refunds?: RefundsDefinition
  readonly disputes?: DisputesDefinition
}

interface WhatIsOrdered {
  /** A new one unless given. */
  readonly customer?: string
  /** A `grain` is seven millionths of a credit. */
  readonly pack?: 'hundred' | 'grain'
  readonly quantity?: number
}

export interface Ordered {
  readonly orderId: Uuid
  readonly paymentId: string
  readonly owner: Owner
}

type Owner = WalletOwner & { readonly walletId: Uuid }

export interface Books {
  readonly database: Database
  readonly ledger: Ledger
  readonly customers: Customers
  /** With other rules from now on. */
  use(policies: BooksPolicies): void
  settleContext(): SettleContext
  /** Who is known here from now on. */
  newCustomer(customer?: string): Promise<string>
  /** A hundred credits for 10.00 USD, unless something else is said. */
  order(what?: WhatIsOrdered): Promise<Ordered>
  /** In a transaction of its own. */
  tell(event: ProviderEvent, asOf?: Date): Promise<Settled>
  tellIn(tx: Transaction, event: ProviderEvent, asOf?: Date): Promise<Settled>
  /** Of a payment that is credited: what it did, and the lot as it is now. */
  bought(paymentId: string): Promise<Bought & { readonly lot: LotView }>
  close(): Promise<void>
}

export async function openBooks(on: Driver | Database): Promise<Books> {
  const database = typeof on === 'string' ? await openTestDatabase(on) : on
  const ledger = await createLedger({ database, newId })
  let catalog = catalogWith({})
  const customers = createCustomers({
    database,
    mode: 'test',
    context: ledger.context,
    catalog: () => catalog,
  })
  const settleContext = (): SettleContext => ({
    provider,
    mode: 'test',
    catalog,
    ledger: ledger.context,
  })

  const tellIn = (tx: Transaction, event: ProviderEvent, asOf = new Date()) =>
    settleEvent(tx, event, asOf, settleContext())

  async function newCustomer(customer = `user_${newId()}`): Promise<string> {
    await customers.ensure(customer)
    return customer
  }

  return {
    database,
    ledger,
    customers,
    settleContext,
    use(policies) {
      catalog = catalogWith(policies)
    },
    newCustomer,
    async order({ customer: known, pack: packId = 'hundred', quantity = 1 } = {}) {
      const customer = await newCustomer(known)
      const intent = {
        customer,
        pack: packId,
        quantity,
        returnUrl: 'http://localhost/',
        cancelUrl: undefined,
        idempotencyKey: newId(),
      }
      const order = await database.transaction((tx) =>
        createOrder(tx, { intent, orderId: newId(), mode: 'test', provider, catalog, discount: undefined }),
      )
      return { orderId: order.id, paymentId: `pay_${newId()}`, owner: ownerOf(customer) }
    },
    tell: (event, asOf) => database.transaction((tx) => tellIn(tx, event, asOf)),
    tellIn,
    async bought(paymentId) {
      const payment = await database.transaction((tx) => findPayment(tx, { provider, paymentId }))
      invariant(payment?.bought, 'the payment is credited')
      const { walletId: wallet, lotId } = payment.bought
      const found = await ledger.lot({ walletId: wallet, id: lotId })
      invariant(found, 'a lot is never deleted')
      return { ...payment.bought, lot: found.lot }
    },
    async close() {
      await ledger.close()
      await database.close()
    },
  }
}

function catalogWith(policies: BooksPolicies) {
  const catalog = defineCatalog({
    units: { credits: {} },
    actions: { chat: { credits: 1 } },
    packs: {
      grain: pack({ credits: '0.000007', price: usd(10), dodoProduct: 'pdt_grain' }),
      hundred: pack({ credits: 100, price: usd(10), dodoProduct: 'pdt_hundred' }),
    },
  })
  return checkCatalog({ ...catalog, ...policies })
}

export function ownerOf(customer: string): Owner {
  const owner: WalletOwner = { mode: 'test', customer, unit: 'credits' }
  return { ...owner, walletId: walletId(owner) }
}

const price = { amountMinor: 1000n, currency: 'USD' }

type Told<Type extends ProviderEvent['type']> = Extract<ProviderEvent, { readonly type: Type }>

/** The order's payment has succeeded, unless something else is said. */
export function paid(
  { orderId, paymentId }: Pick<Ordered, 'orderId' | 'paymentId'>,
  differences: Partial<ProviderPayment> = {},
): Told<'payment'> {
  const payment: ProviderPayment = {
    paymentId,
    state: 'succeeded',
    orderId,
    customer: undefined,
    providerCustomerId: undefined,
    payerEmail: undefined,
    subscriptionId: undefined,
    cart: [{ productId: 'pdt_hundred', quantity: 1 }],
    charged: { total: price, taxMinor: 0n },
    settled: undefined,
    discountCodes: [],
    methodId: undefined,
    invoiceId: undefined,
    failure: undefined,
    isFullyRefunded: false,
    createdAt: undefined,
    refunds: [],
    disputes: [],
    ...differences,
  }
  return { type: 'payment', payment }
}

/** All of it was given back, by a refund that was not told of before, unless something else is said. */
export function refunded(
  { paymentId }: Pick<Ordered, 'paymentId'>,
  differences: Partial<ProviderRefund> = {},
): Told<'refund'> {
  const refund: ProviderRefund = {
    refundId: `ref_${newId()}`,
    paymentId,
    state: 'succeeded',
    amount: price,
    reason: undefined,
    refundRequestId: undefined,
    createdAt: undefined,
    ...differences,
  }
  return { type: 'refund', refund }
}

/** All of it is disputed, and the dispute is open, unless something else is said. */
export function disputed(
  { paymentId }: Pick<Ordered, 'paymentId'>,
  differences: Partial<ProviderDispute> = {},
): Told<'dispute'> {
  const dispute: ProviderDispute = {
    disputeId: `dsp_${paymentId}`,
    paymentId,
    state: 'open',
    stage: 'dispute',
    isRapidlyResolved: false,
    amount: price,
    reason: undefined,
    createdAt: undefined,
    ...differences,
  }
  return { type: 'dispute', dispute }
}
