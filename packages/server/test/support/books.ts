/** Orders that were paid, and whatever a provider tells of them, settled over a database: without a provider, its messages and its time. */
import { randomBytes } from 'node:crypto'
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
import { idMaker, type Uuid, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts'
import { createOrder } from '../../src/orders/create-order.ts'
import { settleEvent } from '../../src/payments/settle-event.ts'
import type { SettleContext } from '../../src/payments/settle-payment.ts'
import type { Settled } from '../../src/payments/settled.ts'
import type { ProviderEvent } from '../../src/providers/provider.ts'
import type { DisputeState, ProviderDispute, ProviderPayment, RefundState } from '../../src/providers/told.ts'
import { type Driver, openTestDatabase } from './shop.ts'

const newId = idMaker({ now: Date.now, randomBytes })
const productId = 'pdt_power'
const currency = 'USD'

export interface BooksPolicies {
  readonly refunds?: RefundsDefinition
  readonly disputes?: DisputesDefinition
}

/** 500 credits were ordered for 40 USD. */
export interface Ordered {
  readonly orderId: Uuid
  readonly paymentId: string
  readonly owner: WalletOwner
  readonly walletId: Uuid
}

export interface Books {
  readonly database: Database
  readonly ledger: Ledger
  readonly customers: Customers
  /** With other rules from now on. */
  use(policies: BooksPolicies): void
  settleContext(): SettleContext
  order(customer?: string): Promise<Ordered>
  /** In a transaction of its own. */
  tell(event: ProviderEvent, asOf?: Date): Promise<Settled>
  tellIn(tx: Transaction, event: ProviderEvent, asOf?: Date): Promise<Settled>
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
    provider: 'dodo',
    mode: 'test',
    catalog,
    ledger: ledger.context,
  })

  const tellIn = (tx: Transaction, event: ProviderEvent, asOf = new Date()) =>
    settleEvent(tx, event, asOf, settleContext())

  return {
    database,
    ledger,
    customers,
    settleContext,
    use(policies) {
      catalog = catalogWith(policies)
    },
    async order(customer = `user_${newId()}`) {
      await customers.ensure(customer)
      const intent = {
        customer,
        pack: 'power',
        quantity: 1,
        returnUrl: 'http://localhost/',
        cancelUrl: undefined,
        idempotencyKey: newId(),
      }
      const order = await database.transaction((tx) =>
        createOrder(tx, {
          intent,
          orderId: newId(),
          mode: 'test',
          provider: 'dodo',
          catalog,
          discount: undefined,
        }),
      )
      const owner: WalletOwner = { mode: 'test', customer, unit: 'credits' }
      return { orderId: order.id, paymentId: `pay_${newId()}`, owner, walletId: walletId(owner) }
    },
    tell: (event, asOf) => database.transaction((tx) => tellIn(tx, event, asOf)),
    tellIn,
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
    packs: { power: pack({ credits: 500, price: usd(40), dodoProduct: productId }) },
  })
  return checkCatalog({ ...catalog, ...policies })
}

export function paid(
  { orderId, paymentId }: Ordered,
  differences: Partial<ProviderPayment> = {},
): ProviderEvent {
  const payment: ProviderPayment = {
    paymentId,
    state: 'succeeded',
    orderId,
    customer: undefined,
    providerCustomerId: undefined,
    subscriptionId: undefined,
    cart: [{ productId, quantity: 1 }],
    charged: { total: { amountMinor: 4000n, currency }, taxMinor: 0n },
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

export function refunded(
  { paymentId }: Ordered,
  amountMinor: bigint,
  { id = newId(), state = 'succeeded' }: { readonly id?: string; readonly state?: RefundState } = {},
): ProviderEvent {
  return {
    type: 'refund',
    refund: {
      refundId: `ref_${id}`,
      paymentId,
      state,
      amount: { amountMinor, currency },
      reason: undefined,
      refundRequestId: undefined,
      createdAt: undefined,
    },
  }
}

export function disputed(
  { paymentId }: Ordered,
  state: DisputeState,
  {
    id = paymentId,
    amountMinor = 4000n,
    ...stage
  }: Partial<Pick<ProviderDispute, 'stage' | 'isRapidlyResolved'>> & {
    readonly id?: string
    readonly amountMinor?: bigint
  } = {},
): ProviderEvent {
  return {
    type: 'dispute',
    dispute: {
      disputeId: `dsp_${id}`,
      paymentId,
      state,
      stage: 'dispute',
      isRapidlyResolved: false,
      ...stage,
      amount: { amountMinor, currency },
      reason: undefined,
      createdAt: undefined,
    },
  }
}
