import { html } from 'hono/html'
import type { Html } from './layout.ts'

/** A part of a page that lists things, or says that there are none. `links` lead to more of them. */
export function section(
  id: string,
  title: string,
  empty: string,
  items: readonly Html[],
  links = html``,
): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${items.length === 0 ? html`<p class="empty">${empty}</p>` : html`<ul class="items">${items}</ul>`}
${links}
</section>`
}

/** A state, in its colour. */
export function pill(state: string): Html {
  return html`<span class="pill pill-${state.replaceAll(' ', '-')}">${state.replaceAll('_', ' ')}</span>`
}

/** An instant to the second. */
export function when(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 19).replace('T', ' ')} UTC</time>`
}

/** An instant's day. */
export function day(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 10)}</time>`
}

/** How often something is charged: `every month`, `every 2 weeks`. */
export function frequency(count: number, interval: string): string {
  const unit = interval.toLowerCase()
  return count === 1 ? `every ${unit}` : `every ${count} ${unit}s`
}

/** Names and values; those without a value are left out. */
export function facts(pairs: readonly [name: string, value: Html | string | null][]): Html {
  return html`<dl class="facts">${pairs
    .filter(([, value]) => value !== null)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

export function options(values: readonly string[], chosen: string): Html[] {
  return values.map(
    (value) => html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${value}</option>`,
  )
}

/** Where the control page's forms are sent to. */
export const actionPath = '/_sandbox/page'

/** A button of the control page that does one thing. */
export function actionButton(action: string, label: string, fields: Record<string, string> = {}): Html {
  return formButton(`${actionPath}/${action}`, label, fields)
}

/** A button that does one thing, as a form of its own. */
export function formButton(path: string, label: string, fields: Record<string, string> = {}): Html {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${path}">${hidden}<button class="button small quiet" type="submit">${label}</button></form>`
}

/** Fields beside the button that sends them. */
export function actionForm(action: string, fields: Html, label: string): Html {
  return html`<form class="action" method="post" action="${actionPath}/${action}">${fields}<button class="button small" type="submit">${label}</button></form>`
}
