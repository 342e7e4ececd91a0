/** What the parts of the contract have in common: a stage, and what is done on it again and again. */
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { idMaker } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import type { CheckoutRequest, PackProduct, PaymentProvider, RefundRequest } from '../provider.ts'

/** A signed message as it came over the network. */
export interface ToldMessage {
  readonly headers: Headers
  readonly rawBody: string
}

export interface Session extends Pick<CheckoutRequest, 'orderId'> {
  readonly sessionId: string
}

/**
 * A provider, and what its customers, their banks and its dashboard do. Starts empty. Germany taxes by 19 %, Japan by 10 %, and the United States not at all.
 */
export interface ProviderStage {
  readonly provider: PaymentProvider
  /** The customer pays; answers the message that tells of it. */
  pay(session: Session): Promise<ToldMessage>
  decline(session: Session): Promise<ToldMessage>
  /** A customer with a card that was saved to be charged again. */
  saveMethod(productId: string): Promise<{ readonly providerCustomerId: string; readonly methodId: string }>
  /** A charge of a saved method that is on its way succeeds. */
  endCharge(paymentId: string): Promise<void>
  /** This and what disputes do answer the message that tells of it, too. */
  settleRefund(refundId: string, state: 'succeeded' | 'failed'): Promise<ToldMessage>
  openDispute(paymentId: string): Promise<{ readonly disputeId: string; readonly told: ToldMessage }>
  decideDispute(disputeId: string, state: 'won' | 'lost'): Promise<ToldMessage>
  /** Off the price, in hundredths of a per cent. */
  putDiscount(code: string, basisPoints: number): Promise<void>
  /** Sells in the dashboard what a pack may adopt; answers its id. Tax is added to the price unless it contains it. */
  putProduct(price: Money, options?: { readonly isTaxInclusive: boolean }): Promise<string>
  /** From now on customers are billed in their country's currency: 0.92 euros in Germany, 150 yen in Japan, for a dollar. */
  adaptCurrencies(): Promise<void>
  /** The next such call is done over there, and its answer does not arrive. */
  loseAnswer(making: 'ensureProduct' | 'refund'): Promise<void>
  /** The next so many requests are too many: each is refused, and nothing is done for it. */
  limitRate(requests: number): Promise<void>
  /** No call gets through until it is undone. */
  goAway(): Promise<() => Promise<void>>
  close(): Promise<void>
}

export type OpenStage = () => Promise<ProviderStage>

export const newId = idMaker({ now: Date.now, randomBytes })
export const power: PackProduct = {
  pack: 'power',
  name: 'Power',
  price: { amountMinor: 4000n, currency: 'USD' },
  chosenAmount: undefined,
  adopted: undefined,
}
export const usd = (amountMinor: bigint) => ({ amountMinor, currency: 'USD' })
export const beginning = new Date('2000-01-01T00:00:00Z')
export const always = { from: beginning, to: undefined }

/** A list to its end. */
export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}

/** A stage that is closed when the test ends. */
export async function openedFor(open: OpenStage): Promise<ProviderStage> {
  const stage = await open()
  onTestFinished(() => stage.close())
  return stage
}

export function request(productId: string, changes: Partial<CheckoutRequest> = {}): CheckoutRequest {
  return {
    orderId: newId(),
    productId,
    quantity: 1,
    amountMinor: undefined,
    discountCode: undefined,
    billingCountry: undefined,
    customer: { email: 'ada@example.com', name: 'Ada', providerCustomerId: undefined },
    returnUrl: 'http://localhost:3000/back',
    cancelUrl: undefined,
    ...changes,
  }
}

export async function startCheckout({ provider }: ProviderStage, changes: Partial<CheckoutRequest> = {}) {
  const productId = changes.productId ?? (await provider.ensureProduct(power, undefined))
  const asked = request(productId, changes)
  const { sessionId } = await provider.startCheckout(asked)
  return { orderId: asked.orderId, sessionId, productId }
}

/** A payment that succeeded. */
export async function bought(stage: ProviderStage, changes: Partial<CheckoutRequest> = {}) {
  const session = await startCheckout(stage, changes)
  const told = await stage.pay(session)
  const paymentId = await stage.provider.findSessionPayment(session.sessionId)
  if (paymentId === undefined) throw new Error('The session has led to no payment.')
  return { ...session, paymentId, told }
}

export const refundOf = (paymentId: string, amountMinor?: bigint): RefundRequest => ({
  paymentId,
  refundRequestId: newId(),
  amountMinor,
  reason: 'Asked for',
})
