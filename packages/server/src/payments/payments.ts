import type { Database } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import type { Log } from '../observability/logger.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import { type AssignPayment, assignPayment, type DismissPayment, dismissPayment } from './assign-payment.ts'
import type { Payment, Standing } from './payment.ts'
import type { SettleContext } from './settle-payment.ts'
import { countWaiting, listPayments, type PaymentsFilter, type WaitingPayments } from './shown-queries.ts'

export interface PaymentsOptions {
  readonly database: Database
  readonly mode: Mode
  /** By what rules a payment is settled now; undefined where no provider is configured. */
  context(): SettleContext | undefined
  readonly log: Log
}

interface PageOfPayments {
  readonly payments: readonly Payment[]
  /** Where the next page begins. */
  readonly next: PaymentsFilter['before']
}

/** What a person sees of payments, and decides about those that nobody else can. */
export interface Payments {
  /** The last one that came first. */
  list(page: {
    readonly standing: Standing | undefined
    readonly limit: number
    readonly before: PaymentsFilter['before']
  }): Promise<PageOfPayments>
  /** How many wait for a person. */
  waiting(): Promise<WaitingPayments>
  /** @throws paymentNotFound, paymentNotWaiting, customerNotFound, unknownPack, packNeeded, providerNotConfigured */
  assign(input: AssignPayment): Promise<Payment>
  /** @throws paymentNotFound, paymentNotWaiting, providerNotConfigured */
  dismiss(input: DismissPayment): Promise<Payment>
}

/** How many wait for a person. */
export function countWaitingPayments(database: Database, mode: Mode): Promise<WaitingPayments> {
  return database.transaction((tx) => countWaiting(tx, mode))
}

export function createPayments(options: PaymentsOptions): Payments {
  const { database, mode, log } = options

  function settleContext(): SettleContext {
    const settling = options.context()
    if (settling === undefined) throw providerNotConfigured({})
    return settling
  }

  return {
    async list({ standing, limit, before }) {
      // One more than asked for tells whether another page follows.
      const found = await database.transaction((tx) =>
        listPayments(tx, { mode, standing, limit: limit + 1, before }),
      )
      const payments = found.slice(0, limit)
      return { payments, next: found.length > limit ? payments.at(-1) : undefined }
    },

    waiting: () => countWaitingPayments(database, mode),

    async assign(input) {
      const payment = await database.transaction((tx) => assignPayment(tx, input, settleContext()))
      const { paymentId, orderId, standing } = payment
      log.info({ paymentId, orderId, standing, actor: input.actor }, 'payment assigned')
      return payment
    },

    async dismiss(input) {
      const payment = await database.transaction((tx) => dismissPayment(tx, input, settleContext()))
      log.info({ paymentId: payment.paymentId, actor: input.actor }, 'payment dismissed')
      return payment
    },
  }
}
