import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { answerChallenge, challengeDecisions } from '../checkouts/answer-challenge.ts'
import { type PayOutcome, paySession, savedCardsOf, sessionNotFound } from '../checkouts/pay-session.ts'
import type { PaymentForm } from '../checkouts/payment-form.ts'
import { type Prefill, prefillOf } from '../checkouts/prefill.ts'
import * as queries from '../checkouts/queries.ts'
import { currencyChoices, quoteSession, type SessionQuote } from '../checkouts/quote-session.ts'
import { returnUrlOf } from '../checkouts/return-url.ts'
import { type CheckoutSession, needsCard, type SessionState, sessionState } from '../checkouts/session.ts'
import { isCountryCode } from '../kernel/countries.ts'
import { newId, type RandomBytes } from '../kernel/ids.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { PaymentMethod } from '../payment-methods/payment-method.ts'
import type { Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryWorker } from '../webhooks/delivery-worker.ts'
import { challengePage } from './challenge-page.ts'
import { checkoutPage, payLabel } from './checkout-page.ts'
import { breakdownOf, quoteSummary } from './checkout-summary.ts'
import { answerPage, type CheckoutDisplay, pathPrefix } from './layout.ts'
import { expiredSession, paidSession, processingSession, unknownSession } from './session-notices.ts'

const text = z.string().max(1000).default('')

const formSchema = z.object({
  attempt: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
  email: text,
  name: text,
  country: text,
  card_number: text,
  expiry: text,
  cvc: text,
  currency: text,
  discount_code: text,
  total_seen: text.transform((seen) => seen || undefined),
  payment_method_id: text,
  save_card: text,
})

const challengeSchema = z.object({ decision: z.enum(challengeDecisions) })

const quoteSchema = z.object({ email: text, country: text, currency: text, discount_code: text })

export interface CheckoutPageRoutes {
  store: Store
  worker: DeliveryWorker
  random: RandomBytes
}

/** The pages that customers see. Overlay and inline are the same form without a page around it, for a frame in the shop. */
export function checkoutPageRoutes({ store, worker, random }: CheckoutPageRoutes): Hono {
  const routes = new Hono()
  for (const [path, display] of [
    ['/session/:id', 'full'],
    ['/overlay/session/:id', 'overlay'],
    ['/inline/session/:id', 'inline'],
  ] as const) {
    routes.get(path, (context) => showSession(context, context.req.param('id'), display))
    routes.post(path, (context) => submit(context, context.req.param('id'), display))
    routes.get(`${path}/challenge`, (context) => showChallenge(context, context.req.param('id'), display))
    routes.post(`${path}/challenge`, (context) => decideChallenge(context, context.req.param('id'), display))
    routes.post(`${path}/quote`, (context) => quote(context, context.req.param('id')))
  }
  return routes

  function showSession(context: Context, sessionId: string, display: CheckoutDisplay, error?: string) {
    const view = loadView(sessionId)
    if (!view) return unknownSession(context, display)
    if (view.state === 'paid') return paidSession(context, view.session, display, view.payment)
    if (view.state === 'expired') return expiredSession(context, view.session, display)
    if (view.state === 'challenged')
      return context.redirect(challengeUrl(context, view.session, display), 303)
    if (view.state === 'processing') return processingSession(context, view.session, display)
    return answerPage(
      context,
      checkoutPage({
        ...view,
        display,
        attempt: newId('att', random),
        error: error ?? afterChallenge(context, view) ?? reasonsOf(view.refused),
        ...options(context),
      }),
      error === undefined ? 200 : 422,
    )
  }

  function showChallenge(context: Context, sessionId: string, display: CheckoutDisplay) {
    const view = loadView(sessionId)
    if (view?.state !== 'challenged' || !view.payment) return showSession(context, sessionId, display)
    const { manualRedirect } = options(context)
    return answerPage(
      context,
      challengePage({ session: view.session, payment: view.payment, display, manualRedirect }),
    )
  }

  async function decideChallenge(context: Context, sessionId: string, display: CheckoutDisplay) {
    const parsed = challengeSchema.safeParse(await context.req.parseBody())
    if (!parsed.success) throw notThisForm()
    const { session, payment } = store.transaction((tx) =>
      answerChallenge(tx, { sessionId, decision: parsed.data.decision }),
    )
    worker.wake()
    const back = sessionUrl(context, session, display)
    if (payment?.status !== 'succeeded') {
      const next = `${back}${back.includes('?') ? '&' : '?'}from=challenge`
      return wantsScriptAnswer(context)
        ? context.json({ status: payment?.status ?? 'failed', next })
        : context.redirect(next, 303)
    }
    const redirectTo = returnUrlOf(session, payment)
    if (wantsScriptAnswer(context))
      return context.json({
        status: 'succeeded',
        payment_id: payment.payment_id,
        redirect_to: redirectTo,
        next: back,
      })
    return context.redirect(redirectTo !== null && display === 'full' ? redirectTo : back, 303)
  }

  /** What the choices of the form come to, for the page's script to show before anything is paid. */
  async function quote(context: Context, sessionId: string) {
    const parsed = quoteSchema.safeParse(await context.req.parseBody())
    if (!parsed.success) throw notThisForm()
    const { discount_code, ...choices } = parsed.data
    const view = loadView(sessionId, { ...choices, discount_code })
    if (!view) throw sessionNotFound(sessionId)
    const typed = view.refused.find(({ code }) => code === discount_code.trim())
    const others = view.refused.filter((refused) => refused !== typed)
    return context.json({
      ...(await quoteForScript(context, view)),
      error: reasonsOf(others) ?? '',
      fields: { discount_code: typed ? `${typed.refusal.message}.` : '' },
    })
  }

  async function submit(context: Context, sessionId: string, display: CheckoutDisplay) {
    const parsed = formSchema.safeParse(await context.req.parseBody())
    const wantsJson = wantsScriptAnswer(context)
    if (!parsed.success) throw notThisForm()
    const { attempt = newId('att', random), ...form } = parsed.data

    let outcome: PayOutcome
    try {
      outcome = store.transaction((tx) => paySession(tx, { sessionId, attempt, form }))
    } catch (error) {
      if (error instanceof Refusal && !wantsJson)
        return showSession(context, sessionId, display, error.status === 422 ? error.message : undefined)
      throw error
    }
    worker.wake()

    const { session } = outcome
    if (outcome.kind === 'paid') {
      const redirectTo = returnUrlOf(session, outcome.payment)
      if (wantsJson)
        return context.json({
          status: 'succeeded',
          payment_id: outcome.payment.payment_id,
          redirect_to: redirectTo,
        })
      // A frame may not navigate its shop: without a script it can only say that all went well.
      if (redirectTo !== null && display === 'full') return context.redirect(redirectTo, 303)
      return context.redirect(context.req.path, 303)
    }
    if (outcome.kind === 'challenged') {
      const next = challengeUrl(context, session, display)
      return wantsJson
        ? context.json({ status: 'requires_customer_action', payment_id: outcome.payment.payment_id, next })
        : context.redirect(next, 303)
    }
    if (outcome.kind === 'processing') {
      const redirectTo = returnUrlOf(session, outcome.payment)
      if (wantsJson)
        return context.json({
          status: 'processing',
          payment_id: outcome.payment.payment_id,
          redirect_to: redirectTo,
        })
      if (redirectTo !== null && display === 'full') return context.redirect(redirectTo, 303)
      return context.redirect(context.req.path, 303)
    }
    const nextAttempt = newId('att', random)
    if (outcome.kind === 'declined') {
      const { payment } = outcome
      // 200, for to the page's script a declined card is an outcome: browsers log every 4xx as an error of the page.
      if (wantsJson)
        return context.json({
          status: 'failed',
          payment_id: payment.payment_id,
          code: payment.error_code,
          message: payment.error_message,
          attempt: nextAttempt,
        })
    } else if (outcome.kind === 'changed' && wantsJson) {
      const view = loadView(sessionId, form)
      if (!view) throw sessionNotFound(sessionId)
      return context.json({
        status: 'changed',
        message: outcome.reason,
        ...(await quoteForScript(context, view)),
      })
    } else if (outcome.kind === 'invalid' && wantsJson) {
      return context.json({ status: 'invalid', message: 'Check the marked fields.', fields: outcome.fields })
    }
    const view = loadView(sessionId, form)
    if (!view) return unknownSession(context, display)
    return answerPage(
      context,
      checkoutPage({
        ...view,
        display,
        attempt: nextAttempt,
        typed: form,
        error: errorOf(outcome),
        fields: outcome.kind === 'invalid' ? outcome.fields : {},
        ...options(context),
      }),
      ({ declined: 402, invalid: 422, changed: 409 } as const)[outcome.kind],
    )
  }

  /** What went wrong at the bank, where the customer comes from. */
  function afterChallenge(context: Context, { payment }: View): string | undefined {
    if (context.req.query('from') !== 'challenge') return undefined
    if (payment?.status === 'cancelled') return 'The payment was not confirmed. Nothing was charged.'
    return payment?.error_message ?? undefined
  }

  interface View extends SessionQuote {
    session: CheckoutSession
    state: SessionState
    prefill: Prefill
    payment: Payment | undefined
    currencies: string[]
    savedCards: PaymentMethod[]
  }

  function loadView(
    sessionId: string,
    choices: Partial<Pick<PaymentForm, 'email' | 'country' | 'currency' | 'discount_code'>> = {},
  ): View | undefined {
    return store.transaction((tx) => {
      const session = queries.findSession(tx, sessionId)
      if (!session) return undefined
      const country = choices.country && isCountryCode(choices.country) ? choices.country : undefined
      return {
        session,
        state: sessionState(session, tx.now),
        prefill: prefillOf(tx, session),
        payment: session.payment_id === null ? undefined : payments.findPayment(tx, session.payment_id),
        currencies: currencyChoices(tx, session, country),
        savedCards: savedCardsOf(tx, session),
        ...quoteSession(tx, session, {
          country,
          currency: choices.currency || undefined,
          code: choices.discount_code?.trim() || undefined,
        }),
      }
    })
  }

  async function quoteForScript(context: Context, view: View) {
    return {
      summary: String(await quoteSummary(view)),
      breakdown: breakdownOf(view.quote),
      pay_label: payLabel({ ...view, ...options(context) }),
      needs_card: needsCard(view.session, view.quote.total),
    }
  }
}

function wantsScriptAnswer(context: Context): boolean {
  return context.req.header('accept')?.includes('application/json') === true
}

function sessionUrl(
  context: Context,
  { session_id }: CheckoutSession,
  display: CheckoutDisplay,
  leaf = '',
): string {
  const query = options(context).manualRedirect ? '?manualRedirect=true' : ''
  return `${pathPrefix(display)}/session/${session_id}${leaf}${query}`
}

const challengeUrl = (context: Context, session: CheckoutSession, display: CheckoutDisplay) =>
  sessionUrl(context, session, display, '/challenge')

const notThisForm = () => new Refusal(422, 'INVALID_REQUEST_BODY', 'The form is not the one of this page.')

function reasonsOf(refused: SessionQuote['refused']): string | undefined {
  return refused.length === 0 ? undefined : refused.map(({ refusal }) => `${refusal.message}.`).join(' ')
}

function errorOf(outcome: PayOutcome): string {
  if (outcome.kind === 'changed') return outcome.reason
  return outcome.kind === 'invalid' ? 'Check the marked fields.' : (outcome.payment.error_message ?? '')
}

/** What the overlay package appends to the address. */
function options(context: Context): { manualRedirect: boolean; payButtonText: string | null } {
  return {
    manualRedirect: context.req.query('manualRedirect') === 'true',
    payButtonText: context.req.query('payButtonText')?.slice(0, 100) ?? null,
  }
}
