import { html } from 'hono/html'
import type { Html } from './layout.ts'

/** A part of a page that lists things, or says that there are none. */
export function section(id: string, title: string, empty: string, items: Html[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${items.length === 0 ? html`<p class="empty">${empty}</p>` : html`<ul class="items">${items}</ul>`}
</section>`
}

/** A state, in its colour. */
export function pill(state: string): Html {
  return html`<span class="pill pill-${state}">${state.replaceAll('_', ' ')}</span>`
}

/** An instant to the second. */
export function when(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 19).replace('T', ' ')} UTC</time>`
}

/** An instant's day. */
export function day(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 10)}</time>`
}
