import { html } from 'hono/html'
import { type CheckoutDisplay, type Html, type Layout, ribbon } from './layout.ts'

interface Notice {
  tone: 'good' | 'bad' | 'neutral'
  title: string
  text: string
  facts?: readonly { name: string; value: string }[]
  link?: { href: string; text: string } | undefined
}

export interface NoticePage {
  notice: Notice
  display: CheckoutDisplay
  theme?: Layout['theme']
  /** The message that a frame tells its shop when it opens on this page. */
  event?: 'checkout.link_expired' | 'checkout.error'
}

/** A page that says one thing and what to do next. */
export function noticePage({ notice, display, theme = 'system', event }: NoticePage): Layout {
  const body = html`<main class="notice-wrap" id="checkout" data-display="${display}" data-event="${event ?? ''}" data-message="${notice.text}">
<div class="card notice" ${display === 'overlay' ? dialogAttributes : ''}>
<div class="bar">${ribbon()}${display === 'overlay' ? closeButton() : ''}</div>
<div class="notice-body">
${mark(notice.tone)}
<h1 id="dialog-title">${notice.title}</h1>
<p>${notice.text}</p>
${
  notice.facts
    ? html`<dl class="facts">${notice.facts.map((fact) => html`<div><dt>${fact.name}</dt><dd>${fact.value}</dd></div>`)}</dl>`
    : ''
}
${notice.link && display === 'full' ? html`<a class="button" href="${notice.link.href}">${notice.link.text}</a>` : ''}
${display === 'overlay' ? html`<button type="button" class="button" data-close>Close</button>` : ''}
</div>
</div>
</main>`
  return { title: `${notice.title} · Local Dodo`, body, display, theme, script: true }
}

const dialogAttributes = html`role="dialog" aria-modal="true" aria-labelledby="dialog-title"`

export function closeButton(): Html {
  return html`<button type="button" class="close" data-close aria-label="Close the checkout"><svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d="M5 5l10 10M15 5L5 15" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" fill="none"/></svg></button>`
}

function mark(tone: Notice['tone']): Html {
  const path = {
    good: 'M7 12.5l3.2 3.2L17 9',
    bad: 'M12 7v6M12 16.5v.2',
    neutral: 'M12 7.5v5l3 2',
  }[tone]
  return html`<span class="mark mark-${tone}"><svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true"><path d="${path}" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" fill="none"/></svg></span>`
}
