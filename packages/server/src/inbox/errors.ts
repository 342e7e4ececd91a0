import { refusal } from '../kernel/refusal.ts'

export const messageNotFound = refusal({
  code: 'message_not_found',
  status: 404,
  title: 'No such message',
  detail: () =>
    "No message of the payment provider has this id. Use the provider's own: its header `webhook-id`.",
  help: 'Only what was signed by the provider is stored. `GET /v1/inbox` lists what came; a message that is missing there was refused, which the log says, or never arrived.',
})
