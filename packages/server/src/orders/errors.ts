import { formatMoney, type Money } from '../kernel/money.ts'
import { refusal } from '../kernel/refusal.ts'

export const orderNotFound = refusal({
  code: 'order_not_found',
  status: 404,
  title: 'No such order',
  detail: () => 'No order has this id. Use the `id` that the checkout answered.',
  help: 'Ids are opaque and start with `ord_`. An order of another mode (test, live) is not found either.',
})

export const invalidQuantity = refusal({
  code: 'invalid_quantity',
  status: 422,
  title: 'The quantity makes no sense',
  detail: (facts: { quantity: number; max: number }) =>
    facts.max === 1
      ? `quantity is ${facts.quantity}; where the amount is chosen it is 1: choose the whole amount.`
      : `quantity is ${facts.quantity}; it must be a whole number from 1 to ${facts.max}.`,
  help: 'One order buys one pack, one to a hundred times; one whose amount the customer chooses, once.',
})

export const invalidChosenAmount = refusal({
  code: 'invalid_chosen_amount',
  status: 422,
  title: 'The amount to pay is not one that can be chosen',
  detail: (facts: ChosenAmountFacts) => `${whatIsWrong(facts)} Nothing was bought.`,
  help: 'Packs with `chosen_amount` in GET /v1/prices are bought with `amount`, in minor units (cents for USD), between its `min` and `max`; all others without it.',
})

type ChosenAmountFacts = {
  readonly pack: string
  /** What was asked for; undefined for nothing. */
  readonly amount: Money | undefined
  /** Undefined where the price is fixed. */
  readonly min: Money | undefined
  readonly max: Money | undefined
}

function whatIsWrong({ pack, amount, min, max }: ChosenAmountFacts): string {
  if (min === undefined || max === undefined)
    return `amount is given, and the pack ${pack} has a fixed price: leave it out.`
  const bounds = `from ${formatMoney(min)} to ${formatMoney(max)}`
  return amount === undefined
    ? `amount is missing: the customer of the pack ${pack} chooses what to pay, ${bounds}.`
    : `amount is ${formatMoney(amount)}; for the pack ${pack} it must be ${bounds}.`
}

export const invoiceNotFound = refusal({
  code: 'invoice_not_found',
  status: 404,
  title: 'There is no invoice',
  detail: ({ isPaid }: { isPaid: boolean }) =>
    isPaid
      ? 'The payment provider has no invoice for the payment of this order yet. Ask again later.'
      : 'The order is not paid, so there is no invoice. Ask again when it is.',
  help: 'Invoices are made by the payment provider after the payment, and passed on as they are.',
})
