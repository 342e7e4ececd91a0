import { html } from 'hono/html'
import type { PaymentForm } from '../checkouts/payment-form.ts'
import type { Html } from './layout.ts'

export interface Field {
  name: keyof PaymentForm
  label: string
  type: 'email' | 'text'
  autocomplete: string
  inputmode?: 'numeric'
  value: string
  locked?: boolean
  optional?: boolean
  error?: string | undefined
  placeholder: string
  maxlength?: number
}

export function field(input: Field): Html {
  return html`<div class="field">
<label for="${input.name}">${input.label}</label>
<input id="${input.name}" name="${input.name}" type="${input.type}" form="pay-form" autocomplete="${input.autocomplete}" inputmode="${input.inputmode ?? (input.type === 'email' ? 'email' : 'text')}" placeholder="${input.placeholder}" value="${input.value}" ${input.optional ? '' : 'required'} maxlength="${input.maxlength ?? 254}" ${input.locked ? 'readonly' : ''} ${described(input.name, input.error)}>
${fieldError(input.name, input.error)}
</div>`
}

export function described(name: string, error: string | undefined): Html {
  return html`aria-describedby="${name}-error" aria-invalid="${error ? 'true' : 'false'}"`
}

export function fieldError(name: string, error: string | undefined): Html {
  return html`<p class="field-error" id="${name}-error" ${error ? '' : 'hidden'}>${error ?? ''}</p>`
}
