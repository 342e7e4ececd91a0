import { refusal } from '../kernel/refusal.ts'

export const mergeIntoItself = refusal({
  code: 'merge_into_itself',
  status: 422,
  title: 'A customer cannot be merged into itself',
  detail: () => '`into` is the customer of the path. Name the customer who gets the credits.',
  help: 'The path names who was anonymous, `into` who they turned out to be.',
})

export const mergedBefore = refusal({
  code: 'merged_before',
  status: 409,
  title: 'The customer was merged into another',
  detail: (facts: { customer: string; into: string }) =>
    `${facts.customer} was merged into ${facts.into}, for good.`,
  help: 'A customer is merged into one other, and nobody into one who was merged away: merge into the last of the chain.',
})
