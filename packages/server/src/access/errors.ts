import { refusal } from '../kernel/refusal.ts'

export const unauthorized = refusal({
  code: 'unauthorized',
  status: 401,
  title: 'No valid secret key',
  detail: (facts: { reason: string }) =>
    `${facts.reason} Send the header Authorization: Bearer tsk_…, with a key that the server was started with (TALLYSTICK_API_KEY).`,
  help: 'Keep secret keys on your server: whoever has one can grant credits. `tallystick dev` writes the key of its server to .env.local.',
})
