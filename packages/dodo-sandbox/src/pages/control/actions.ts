import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { parseForm } from '../../http/parse.ts'
import { Refusal } from '../../kernel/refusal.ts'
import type { Store, Transaction } from '../../store/store.ts'
import { answerPage } from '../layout.ts'
import { noticePage } from '../notice-page.ts'
import { actionPath } from '../parts.ts'
import type { Anchor } from './control-page.ts'

/** The form of a button that stands alone. */
export const noFields = z.object({})

/** Forms of the control page: each does its work and leads back to the part of the page that it is on. */
export class Actions {
  readonly routes = new Hono()
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Adds a form whose work is one transaction. `ids` are the path's parameters. */
  add<Schema extends z.ZodType>(
    path: string,
    backTo: Anchor,
    schema: Schema,
    work: (tx: Transaction, form: z.output<Schema>, ids: Record<string, string>) => unknown,
  ): void {
    this.addAwaited(path, backTo, schema, async (form, ids) =>
      this.#store.transaction((tx) => work(tx, form, ids)),
    )
  }

  /** Adds a form whose work takes time: it calls the network, or moves the clock. It may answer where else to go. */
  addAwaited<Schema extends z.ZodType>(
    path: string,
    backTo: Anchor,
    schema: Schema,
    work: (form: z.output<Schema>, ids: Record<string, string>) => Promise<unknown>,
  ): void {
    this.routes.post(`${actionPath}/${path}`, async (context) => {
      try {
        const form = await parseForm(context, schema)
        const outcome = await work(form, context.req.param())
        return context.redirect(outcome instanceof URL ? outcome.href : `/#${backTo}`, 303)
      } catch (error) {
        if (error instanceof Refusal) return refused(context, error, backTo)
        throw error
      }
    })
  }
}

function refused(context: Context, { message, code }: Refusal, backTo: Anchor) {
  return answerPage(
    context,
    noticePage({
      display: 'full',
      notice: {
        tone: 'bad',
        title: 'That was refused',
        text: message,
        facts: [{ name: 'Code', value: code }],
        link: { href: `/#${backTo}`, text: 'Back to the control page' },
      },
    }),
    422,
  )
}
