import type { Context } from 'hono'
import { html } from 'hono/html'

export type Html = ReturnType<typeof html>

/** A checkout as a page of its own, as a dialog over the shop, or as a part of the shop's page; the last two in a frame. */
export type CheckoutDisplay = 'full' | 'overlay' | 'inline'

/** What stands before `/session/{id}` in a checkout's path. */
export function pathPrefix(display: CheckoutDisplay): string {
  return display === 'full' ? '' : `/${display}`
}

export interface Layout {
  title: string
  body: Html
  /** What the stylesheet keys on: the kind of page. */
  display: CheckoutDisplay | 'control'
  theme?: 'dark' | 'light' | 'system'
  script?: boolean
}

/** The frame of every page: one stylesheet, at most one script, and the ribbon that says that this is no real shop. */
function layout({ title, body, display, theme = 'system', script = false }: Layout): Html {
  return html`<!doctype html>
<html lang="en" data-display="${display}" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/_sandbox/assets/sandbox.css">
${script ? html`<script src="/_sandbox/assets/checkout.js" defer></script>` : ''}
</head>
<body>
${body}
</body>
</html>`
}

export function ribbon(): Html {
  return html`<p class="ribbon" role="note"><span class="ribbon-dot" aria-hidden="true"></span><strong>Local Dodo</strong> · test mode · no money moves</p>`
}

/** Nothing from elsewhere, nothing inline. The pages are framed by any shop, as Dodo's own are. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  // Browsers hold the redirect after a form to this list too, and it leads to whatever return_url the shop gave.
  'form-action http: https:',
  'frame-ancestors *',
].join('; ')

export function answerPage(
  context: Context,
  page: Layout,
  status: 200 | 402 | 404 | 409 | 410 | 422 | 501 = 200,
) {
  context.header('content-security-policy', contentSecurityPolicy)
  context.header('cache-control', 'no-store')
  context.header('referrer-policy', 'no-referrer')
  context.header('x-content-type-options', 'nosniff')
  return context.html(layout(page), status)
}
