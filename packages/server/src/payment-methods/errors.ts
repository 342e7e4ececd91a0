import { refusal } from '../kernel/refusal.ts'

export const notAtProvider = refusal({
  code: 'not_at_provider',
  status: 404,
  title: 'The payment provider does not know this customer',
  detail: () =>
    'This customer has paid nothing yet, so the payment provider has neither ways to pay nor a portal for them.',
  help: 'The provider makes its customer with the first payment.',
})

export const paymentMethodNotFound = refusal({
  code: 'payment_method_not_found',
  status: 404,
  title: 'No such way to pay',
  detail: () =>
    'This customer has no saved way to pay with this id. It may have been removed at the provider.',
  help: 'GET /v1/customers/{customer}/payment-methods lists those that there are.',
})
