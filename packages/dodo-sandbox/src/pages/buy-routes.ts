import { Hono } from 'hono'
import { createSession } from '../checkouts/create-session.ts'
import { createSessionSchema } from '../checkouts/session.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { answerPage } from './layout.ts'
import { noticePage } from './notice-page.ts'

type Query = Readonly<Record<string, string>>

/** Static payment links: `/buy/{product_id}?quantity=2&redirect_url=…&metadata_order=7` makes a session and opens it. */
export function buyRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/buy/:product', (context) => {
    if (context.req.query('paymentAmount') !== undefined)
      return linkRefused('The local Dodo does not cover paymentAmount in a link', 501)
    const asked = sessionOfLink(context.req.param('product'), context.req.query())
    const parsed = createSessionSchema.safeParse(asked)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      return linkRefused(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is invalid'}`)
    }
    try {
      const { session } = store.transaction((tx) => createSession(tx, parsed.data))
      return context.redirect(`/session/${session.session_id}`, 303)
    } catch (error) {
      if (error instanceof Refusal) return linkRefused(error.message, error.status === 501 ? 501 : 422)
      throw error
    }

    function linkRefused(why: string, status: 422 | 501 = 422) {
      const notice = {
        tone: 'bad',
        title: 'This link cannot be used',
        text: `${why}. Nothing was charged.`,
      } as const
      return answerPage(context, noticePage({ display: 'full', notice }), status)
    }
  })
  return routes
}

/** The parameters of a link, under the names that Dodo's adapters give them, as a session's request. */
function sessionOfLink(productId: string, query: Query) {
  const name = query['fullName'] ?? [query['firstName'], query['lastName']].filter(Boolean).join(' ')
  const { email, country, paymentCurrency } = query
  return {
    product_cart: [{ product_id: productId, quantity: Number(query['quantity'] ?? '1') }],
    ...(query['redirect_url'] ? { return_url: query['redirect_url'] } : {}),
    ...(email ? { customer: { email, ...(name ? { name } : {}) } } : {}),
    ...(country ? { billing_address: { country, ...addressOf(query) } } : {}),
    ...(paymentCurrency ? { billing_currency: paymentCurrency } : {}),
    metadata: metadataOf(query),
    feature_flags: {
      // What a link fills in is a proposal, unless it says that it is fixed.
      allow_customer_editing_email: query['disableEmail'] !== 'true',
      allow_customer_editing_name: query['disableFullName'] !== 'true',
      ...(query['showDiscounts'] === 'false' ? { allow_discount_code: false } : {}),
      ...(query['showCurrencySelector'] === 'false' ? { allow_currency_selection: false } : {}),
    },
  }
}

function addressOf(query: Query) {
  return {
    city: query['city'] ?? null,
    state: query['state'] ?? null,
    street: query['addressLine'] ?? null,
    zipcode: query['zipCode'] ?? null,
  }
}

function metadataOf(query: Query): Record<string, string> {
  const prefix = 'metadata_'
  return Object.fromEntries(
    Object.entries(query)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  )
}
