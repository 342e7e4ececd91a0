import type { DodoSandboxOptions } from '@tallystick/dodo-sandbox'

/** What goes wrong between Dodo and the server: of webhooks, at most one thing each; the first rule that draws. */
export const faultsAtDodo: NonNullable<DodoSandboxOptions['faults']> = [
  { kind: 'drop', per_thousand: 180 },
  { kind: 'duplicate', per_thousand: 200 },
  { kind: 'reorder', delay_ms: 1500, per_thousand: 200 },
  { kind: 'delay', delay_ms: 1200, per_thousand: 150 },
  { kind: 'numbers_for_credits', event_type: 'credit.*', per_thousand: 300 },
  { kind: 'unknown_event_type', per_thousand: 60 },
  { kind: 'unknown_enum_value', per_thousand: 60 },
  { kind: 'flat_discount', event_type: 'payment.*', per_thousand: 40 },
  { kind: 'lost_answer', route: 'POST /checkouts', per_thousand: 100 },
  { kind: 'lost_answer', route: 'POST /refunds', per_thousand: 200 },
  { kind: 'server_error', per_thousand: 50 },
  { kind: 'rate_limited', per_thousand: 40 },
  { kind: 'time_out', delay_ms: 200, per_thousand: 20 },
  { kind: 'fail_next_refund', per_thousand: 60 },
]

/** Quick, so that a run ends: what matters is that attempts fail and come again. */
export const retryScheduleMs = [0, 200, 400, 800, 1600, 3200, 3200, 3200]
