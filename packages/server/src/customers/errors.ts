import { refusal } from '../kernel/refusal.ts'

export const customerNotFound = refusal({
  code: 'customer_not_found',
  status: 404,
  title: 'No such customer',
  detail: () => 'Nobody with this id was ever heard of.',
  help: "Ids are the app's own, byte for byte. A customer of another mode (test, live) is not found either.",
})

export const customerBlocked = refusal({
  code: 'customer_blocked',
  status: 403,
  title: 'The customer cannot buy at present',
  detail: (facts: { customer: string; since: Date }) =>
    `${facts.customer} is blocked since ${facts.since.toISOString()}, and nothing was bought.`,
  help: 'A payment of theirs is disputed or a dispute was lost, or somebody has blocked them: PUT /v1/customers/{customer} with {} shows why. It ends when the dispute is won, or with POST /v1/customers/{customer}/unblock; `disputes: { block: false }` in the catalog turns it off for disputes. What they have they may spend.',
})
