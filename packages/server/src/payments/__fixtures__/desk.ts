/** Payments, refunds and disputes told as a provider tells them, without one: for tests of what follows. */
import type { Catalog } from '../../catalog/catalog.ts'
import { checkCatalog } from '../../catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../catalog/define-catalog.ts'
import { createCustomers } from '../../customers/customers.ts'
import type { Database } from '../../database/database.ts'
import { walletId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/refusal.ts'
import { newId } from '../../ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../../ledger/ledger.ts'
import type { LotView } from '../../ledger/lot-view.ts'
import type { ProviderEvent } from '../../providers/provider.ts'
import type { ProviderDispute, ProviderPayment, ProviderRefund } from '../../providers/told.ts'
import type { Bought, Payment } from '../payment.ts'
import * as queries from '../queries.ts'
import { settleEvent } from '../settle-event.ts'
import type { SettleContext } from '../settle-payment.ts'
import type { Settled } from '../settled.ts'

/** Bought by products that the packs adopt, so that a payment needs no order: `grain` is seven millionths of a credit. */
const deskCatalog = checkCatalog(
  defineCatalog({
    units: { credits: {} },
    actions: { chat: { credits: 1 } },
    packs: {
      grain: pack({ credits: '0.000007', price: usd(10), dodoProduct: 'pdt_grain' }),
      hundred: pack({ credits: 100, price: usd(10), dodoProduct: 'pdt_hundred' }),
    },
  }),
)

const provider = 'dodo'

export interface Desk {
  readonly database: Database
  readonly ledger: Ledger
  readonly context: SettleContext
  /** A customer who is known here. */
  newCustomer(): Promise<string>
  tell(event: ProviderEvent, asOf: Date): Promise<Settled>
  /** Of a payment that is credited: what it did, and the lot as it is now. */
  bought(paymentId: string): Promise<Bought & { readonly lot: LotView }>
  close(): Promise<void>
}

export interface DeskOptions {
  readonly database: Database
  readonly policies?: Partial<Pick<Catalog, 'refunds' | 'disputes'>>
}

export async function openDesk({ database, policies = {} }: DeskOptions): Promise<Desk> {
  const ledger = await createLedger({ database, newId })
  const context: SettleContext = {
    provider,
    mode: 'test',
    catalog: { ...deskCatalog, ...policies },
    ledger: ledger.context,
  }
  const customers = createCustomers({
    database,
    mode: 'test',
    context: ledger.context,
    catalog: () => deskCatalog,
  })

  async function payment(paymentId: string): Promise<Payment> {
    const found = await database.transaction((tx) => queries.findPayment(tx, { provider, paymentId }))
    invariant(found, 'the test has told of the payment')
    return found
  }

  return {
    database,
    ledger,
    context,
    async newCustomer() {
      const customer = `customer_${newId()}`
      await customers.ensure(customer)
      return customer
    },
    tell: (event, asOf) => database.transaction((tx) => settleEvent(tx, event, asOf, context)),
    async bought(paymentId) {
      const { bought } = await payment(paymentId)
      invariant(bought, 'the payment is credited')
      const found = await ledger.lot({ walletId: bought.walletId, id: bought.lotId })
      invariant(found, 'a lot is never deleted')
      return { ...bought, lot: found.lot }
    },
    close: () => ledger.close(),
  }
}

/** The wallet of a desk's customer. */
export function ownerOf(customer: string) {
  const owner = { mode: 'test', customer, unit: 'credits' } as const
  return { ...owner, walletId: walletId(owner) }
}

/** A payment that succeeded: one `hundred` for 10.00 USD, unless something else is said. */
export function paymentOf(
  customer: string,
  paymentId: string,
  options: Partial<ProviderPayment> = {},
): ProviderPayment {
  return {
    paymentId,
    state: 'succeeded',
    orderId: undefined,
    customer,
    providerCustomerId: undefined,
    subscriptionId: undefined,
    cart: [{ productId: 'pdt_hundred', quantity: 1 }],
    charged: { total: { amountMinor: 1000n, currency: 'USD' }, taxMinor: 0n },
    settled: undefined,
    discountCodes: [],
    methodId: undefined,
    invoiceId: undefined,
    failure: undefined,
    isFullyRefunded: false,
    createdAt: undefined,
    refunds: [],
    disputes: [],
    ...options,
  }
}

/** A refund of all of a payment that has succeeded, unless something else is said. */
export function refundOf(
  paymentId: string,
  options: Partial<ProviderRefund> & { readonly amountMinor?: bigint } = {},
): ProviderRefund {
  const { amountMinor = 1000n, ...others } = options
  return {
    refundId: `refund_${paymentId}`,
    paymentId,
    state: 'succeeded',
    amount: { amountMinor, currency: 'USD' },
    reason: undefined,
    refundRequestId: undefined,
    createdAt: undefined,
    ...others,
  }
}

/** An open dispute about all of a payment, unless something else is said. */
export function disputeOf(
  paymentId: string,
  options: Partial<ProviderDispute> & { readonly amountMinor?: bigint } = {},
): ProviderDispute {
  const { amountMinor = 1000n, ...others } = options
  return {
    disputeId: `dispute_${paymentId}`,
    paymentId,
    state: 'open',
    stage: 'dispute',
    isRapidlyResolved: false,
    amount: { amountMinor, currency: 'USD' },
    reason: undefined,
    createdAt: undefined,
    ...others,
  }
}
