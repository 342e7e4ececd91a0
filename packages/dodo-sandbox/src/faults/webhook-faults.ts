import type { Transaction } from '../store/store.ts'
import { type FaultRule, type WebhookFaultKind, webhookFaultKinds } from './fault.ts'
import * as queries from './queries.ts'
import { drawFault } from './rules.ts'

type WebhookFault = Extract<FaultRule, { kind: WebhookFaultKind }>

/** Those that change the body, and every attempt's alike. */
export type PayloadFault = Extract<
  WebhookFaultKind,
  'numbers_for_credits' | 'unknown_enum_value' | 'flat_discount'
>

const defaultDelayMs = 60_000

/** What befalls one message on its way. */
export interface MessageFaults {
  dropped: boolean
  duplicates: number
  delayMs: number
  /** Waits for the next message to the same endpoint, `delayMs` at most. */
  reordered: boolean
  /** One more message, of a type that no SDK knows, goes out beside it. */
  unknownTwin: boolean
  payloadFaults: PayloadFault[]
}

/** Asks the rules about an event, each kind by itself, and records what they inject. */
export function drawMessageFaults(
  tx: Transaction,
  message: { message_id: string; event_type: string; resource_id: string },
): MessageFaults {
  const faults: MessageFaults = {
    dropped: false,
    duplicates: 0,
    delayMs: 0,
    reordered: false,
    unknownTwin: false,
    payloadFaults: [],
  }
  for (const kind of webhookFaultKinds) {
    if (!canCarry(kind, message.event_type)) continue
    const drawn = drawFault(
      tx,
      (rule): rule is WebhookFault => rule.kind === kind && matchesEvent(rule.event_type, message.event_type),
    )
    if (!drawn) continue
    apply(faults, drawn.rule)
    queries.insertInjected(tx, {
      kind,
      injected_at: tx.now.toISOString(),
      rule_id: drawn.rule_id,
      route: null,
      response_status: null,
      event_type: message.event_type,
      message_id: message.message_id,
      resource_id: message.resource_id,
    })
  }
  return faults
}

function apply(faults: MessageFaults, rule: WebhookFault): void {
  switch (rule.kind) {
    case 'drop':
      faults.dropped = true
      break
    case 'duplicate':
      faults.duplicates += 1
      break
    case 'delay':
      faults.delayMs = Math.max(faults.delayMs, rule.delay_ms ?? defaultDelayMs)
      break
    case 'reorder':
      faults.delayMs = Math.max(faults.delayMs, rule.delay_ms ?? defaultDelayMs)
      faults.reordered = true
      break
    case 'unknown_event_type':
      faults.unknownTwin = true
      break
    default:
      faults.payloadFaults.push(rule.kind)
  }
}

/** A body that has nothing to change is left to the next one: a fault that shows nowhere would be counted for nothing. */
function canCarry(kind: WebhookFaultKind, eventType: string): boolean {
  const family = eventType.split('.')[0] ?? ''
  if (kind === 'numbers_for_credits') return family === 'credit' || family === 'subscription'
  if (kind === 'flat_discount') return family === 'payment' || family === 'subscription'
  return true
}

function matchesEvent(pattern: string | undefined, eventType: string): boolean {
  if (pattern === undefined) return true
  return pattern.endsWith('.*') ? eventType.startsWith(pattern.slice(0, -1)) : pattern === eventType
}

/** The type of the message that goes out beside one of this type: the family is known, the event is not. */
export function unknownTypeBeside(eventType: string): string {
  return `${eventType.split('.')[0]}.unheard_of`
}

/** Changes the body's `data` as the faults drawn for the message say. */
export function applyPayloadFaults(
  data: Record<string, unknown>,
  faults: readonly PayloadFault[],
): Record<string, unknown> {
  let changed = data
  if (faults.includes('numbers_for_credits')) changed = numbersForCredits(changed) as Record<string, unknown>
  if (faults.includes('unknown_enum_value')) changed = withUnknownValue(changed)
  if (faults.includes('flat_discount')) changed = { ...changed, discounts: [flatDiscount] }
  return changed
}

const creditFields = new Set([
  'amount',
  'balance_before',
  'balance_after',
  'overage_before',
  'overage_after',
  'credits_amount',
  'remaining_balance',
  'overage_balance',
  'overage_limit',
  'available_balance',
  'subscription_credits_amount',
  'threshold_amount',
])

/** Live servers have been reported to write some amounts of credits as numbers. */
function numbersForCredits(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(numbersForCredits)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      creditFields.has(name) && typeof inner === 'string' ? Number(inner) : numbersForCredits(inner),
    ]),
  )
}

const enumFields = ['status', 'dispute_status', 'transaction_type']

/** A subscription gets `past_due`, which the API knows and the official adapters do not; others a value nobody knows. */
function withUnknownValue(data: Record<string, unknown>): Record<string, unknown> {
  const field = enumFields.find((name) => name in data)
  if (field === undefined) return data
  return { ...data, [field]: data['payload_type'] === 'Subscription' ? 'past_due' : 'unheard_of' }
}

// The official adapters' schemas know percentages alone, and refuse the whole event for this.
const flatDiscount = {
  discount_id: 'dsc_injected0000000000000',
  business_id: 'bus_injected0000000000000',
  code: 'INJECTED',
  type: 'flat',
  amount: 100,
  position: 0,
  created_at: '2026-01-01T00:00:00.000Z',
  metadata: {},
  preserve_on_plan_change: false,
  restricted_to: [],
  times_used: 1,
  cycles_remaining: null,
  expires_at: null,
  name: 'Injected by the sandbox',
  subscription_cycles: null,
  usage_limit: null,
}
