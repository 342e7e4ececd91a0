import { html } from 'hono/html'
import {
  type FaultKind,
  type FaultRule,
  faultDescriptions,
  type StoredFaultRule,
} from '../../faults/fault.ts'
import type { Html } from '../layout.ts'
import { actionButton, actionForm, pill, when } from '../parts.ts'

export interface ClockState {
  now: Date
  /** How far ahead of the machine's time it is. */
  offsetMs: number
  /** When something next falls due, webhooks that are tried again included. */
  nextDueAt: string | null
}

export function clockSection({ now, offsetMs, nextDueAt }: ClockState): Html {
  return html`<section id="clock" aria-labelledby="clock-title">
<h2 id="clock-title">Clock</h2>
<p><strong>${when(now.toISOString())}</strong> <span class="muted">${offsetMs === 0 ? 'the time of this machine' : `${ahead(offsetMs)} ahead of this machine`}${nextDueAt === null ? '' : html` · next event ${when(nextDueAt)}`}</span></p>
<div class="actions">${move('+ 1 hour', 'hour')} ${move('+ 1 day', 'day')} ${move('+ 1 month', 'month')} ${nextDueAt === null ? '' : move('To the next event', 'next')}</div>
</section>`
}

function move(label: string, by: 'hour' | 'day' | 'month' | 'next'): Html {
  return actionButton('clock', label, { by })
}

function ahead(ms: number): string {
  const hours = Math.round(ms / 3_600_000)
  if (hours < 1) return `${Math.round(ms / 60_000)} min`
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

export interface FaultState {
  rules: readonly StoredFaultRule[]
  injected: Partial<Record<FaultKind, number>>
}

export function faultsSection({ rules, injected }: FaultState): Html {
  const counts = Object.entries(injected).map(([kind, count]) => `${kind} ${count}`)
  return html`<section id="faults" aria-labelledby="faults-title">
<h2 id="faults-title">Faults</h2>
${rules.length === 0 ? html`<p class="empty">None in force: requests and webhooks arrive as they should.</p>` : html`<ul class="items">${rules.map(ruleItem)}</ul>`}
<details class="more"><summary>Put a fault into force</summary>
${actionForm(
  'faults',
  html`<label class="wide">What <select name="kind">${Object.entries(faultDescriptions).map(([kind, does]) => html`<option value="${kind}">${kind}: ${does}</option>`)}</select></label>
<label>Only for <input name="only_for" placeholder="POST /refunds, payment.*"></label>
<label>Times <input name="count" inputmode="numeric" placeholder="1"></label>
<label>In a thousand <input name="per_thousand" inputmode="numeric" placeholder="every time"></label>`,
  'Put into force',
)}
</details>
${counts.length === 0 ? '' : html`<p class="muted">Injected so far: ${counts.join(', ')}.</p>`}
</section>`
}

function ruleItem({ rule, rule_id, times_left }: StoredFaultRule): Html {
  const often = [
    times_left === null ? 'without end' : times_left === 1 ? 'once more' : `${times_left} times more`,
    rule.per_thousand === undefined ? '' : `${rule.per_thousand} in a thousand`,
  ]
  return html`<li><div class="row">${pill(rule.kind)} <span>${narrowed(rule)}</span> <span class="aside row-actions">${often.filter(Boolean).join(', ')} ${actionButton(`faults/${rule_id}/remove`, 'Remove')}</span></div></li>`
}

function narrowed(rule: FaultRule): string {
  if ('route' in rule && rule.route !== undefined) return rule.route
  if ('event_type' in rule && rule.event_type !== undefined) return rule.event_type
  return 'error_code' in rule && rule.error_code !== undefined ? rule.error_code : ''
}
