import { z } from 'zod'
import type { PaymentMethod } from '../told.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { optionalText, text } from './schemas.ts'

const methodSchema = z.looseObject({
  payment_method_id: text,
  payment_method: optionalText,
  recurring_enabled: z.boolean().nullish().catch(null),
  card: z
    .looseObject({
      card_network: optionalText,
      last4_digits: optionalText,
      expiry_month: optionalText,
      expiry_year: optionalText,
    })
    .nullish()
    .catch(null),
})

export async function listPaymentMethods(dodo: Dodo, providerCustomerId: string): Promise<PaymentMethod[]> {
  const { items } = await callDodo(dodo, (client) =>
    client.customers.retrievePaymentMethods(providerCustomerId),
  )
  return items.flatMap((item) => {
    const said = methodSchema.safeParse(item).data
    if (said === undefined) return []
    const { card } = said
    return {
      methodId: said.payment_method_id,
      kind: said.payment_method ?? 'unknown',
      network: card?.card_network,
      lastFour: card?.last4_digits,
      expiry:
        card?.expiry_month === undefined || card.expiry_year === undefined
          ? undefined
          : { month: card.expiry_month, year: card.expiry_year },
      isRecurring: said.recurring_enabled === true,
    }
  })
}
