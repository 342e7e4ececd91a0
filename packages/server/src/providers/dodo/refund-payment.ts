import type { RefundCreateParams } from 'dodopayments/resources/refunds'
import { formatId } from '../../kernel/ids.ts'
import { providerRefused, providerUnavailable } from '../errors.ts'
import type { RefundRequest } from '../provider.ts'
import type { ProviderRefund } from '../told.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { refundFrom, refundMetadataKey } from './read-money-back.ts'

// Dodo's own limit.
const reasonMax = 3000

/** Sent once: a refund whose answer was lost is found again by its metadata, and never sent blindly again. */
export async function refundPayment(dodo: Dodo, request: RefundRequest): Promise<ProviderRefund> {
  const { paymentId, refundRequestId, amountMinor, reason } = request
  const items = amountMinor === undefined ? undefined : await itemsFor(dodo, paymentId, amountMinor)
  const answer = await callDodo(dodo, (client) =>
    client.refunds.create(
      {
        payment_id: paymentId,
        metadata: { [refundMetadataKey]: formatId('refund', refundRequestId) },
        ...(items === undefined ? {} : { items }),
        ...(reason === undefined ? {} : { reason: reason.slice(0, reasonMax) }),
      },
      { maxRetries: 0 },
    ),
  )
  const refund = refundFrom(answer)
  // Made, and not known which: as if the answer had been lost.
  if (refund === undefined) throw providerUnavailable(new Error('The answer is no refund that can be read.'))
  return refund
}

/** Dodo refunds a part by items: the amount, spread over what can still be refunded of each. */
async function itemsFor(
  dodo: Dodo,
  paymentId: string,
  amountMinor: bigint,
): Promise<RefundCreateParams.Item[]> {
  const { items } = await callDodo(dodo, (client) => client.payments.retrieveLineItems(paymentId))
  let left = amountMinor
  const parts: RefundCreateParams.Item[] = []
  for (const item of items) {
    const refundable = BigInt(Math.trunc(item.refundable_amount))
    const part = refundable < left ? refundable : left
    if (part > 0n) parts.push({ item_id: item.items_id, amount: Number(part), tax_inclusive: true })
    left -= part
  }
  if (left > 0n)
    throw providerRefused(
      `${amountMinor - left} of ${amountMinor} minor units can still be refunded`,
      undefined,
    )
  return parts
}
