import { html } from 'hono/html'
import { z } from 'zod'
import type { Html } from '../layout.ts'

/** The parts of the control page that grow, a page at a time. */
const pagedParts = [
  'deliveries',
  'payments',
  'subscriptions',
  'credits',
  'sessions',
  'products',
  'customers',
] as const

export type PagedPart = (typeof pagedParts)[number]

/** Which page of each part is shown: the first, of what is newest, is 1. */
export type Pages = Readonly<Record<PagedPart, number>>

// What is typed there and is no page is the first.
const pageNumber = z.coerce.number().int().min(1).max(1_000_000).catch(1)

/** The page's query string: `?payments=2`. */
export const pagesQuery = z.object(
  Object.fromEntries(pagedParts.map((part) => [part, pageNumber])) as Record<PagedPart, typeof pageNumber>,
)

/** Leads to what is older and newer in a part; nothing where all of it is shown. The other parts stay where they are. */
export function pageLinks(part: PagedPart, pages: Pages, hasOlder: boolean): Html {
  const page = pages[part]
  if (page === 1 && !hasOlder) return html``
  const to = (target: number, text: string, rel: string) =>
    html`<a href="${pathOf({ ...pages, [part]: target })}#${part}" rel="${rel}">${text}</a>`
  return html`<nav class="actions" aria-label="Pages of ${part}">
${page > 1 ? to(page - 1, 'Newer', 'prev') : ''} <span>Page ${page}</span> ${hasOlder ? to(page + 1, 'Older', 'next') : ''}
</nav>`
}

function pathOf(pages: Pages): string {
  const named = pagedParts.filter((part) => pages[part] > 1).map((part) => `${part}=${pages[part]}`)
  return named.length === 0 ? '/' : `/?${named.join('&')}`
}
