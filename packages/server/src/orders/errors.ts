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
    `quantity is ${facts.quantity}; it must be a whole number from 1 to ${facts.max}.`,
  help: 'One order buys one pack, one to a hundred times.',
})
