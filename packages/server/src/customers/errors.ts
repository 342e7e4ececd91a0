import { refusal } from '../kernel/refusal.ts'

export const customerNotFound = refusal({
  code: 'customer_not_found',
  status: 404,
  title: 'No such customer',
  detail: () => 'Nobody with this id was ever heard of.',
  help: "Ids are the app's own, byte for byte. A customer of another mode (test, live) is not found either.",
})
