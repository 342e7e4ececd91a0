import { z } from 'zod'
import { checkPrecision } from '../../credit-entitlements/attachment.ts'
import { createLedgerEntrySchema } from '../../credit-entitlements/balance.ts'
import { createLedgerEntry } from '../../credit-entitlements/create-ledger-entry.ts'
import { creditsSchema } from '../../credit-entitlements/credit-entitlement.ts'
import { findEntitlement } from '../../credit-entitlements/queries.ts'
import { useCredits } from '../../credit-entitlements/use-credits.ts'
import { decideDispute } from '../../disputes/decide-dispute.ts'
import { disputeDecisions, disputeStages } from '../../disputes/dispute.ts'
import { openDispute } from '../../disputes/open-dispute.ts'
import { paymentErrorCodes } from '../../faults/payment-error-codes.ts'
import { addFaultRules } from '../../faults/rules.ts'
import { creditsFromDecimal } from '../../kernel/credits.ts'
import { amountFromDecimal } from '../../kernel/money.ts'
import { invalidBody, notFound } from '../../kernel/refusal.ts'
import { declinedByBank } from '../../payments/payment.ts'
import { findPayment } from '../../payments/queries.ts'
import { settlePayment } from '../../payments/settle-payment.ts'
import { createRefund } from '../../refunds/create-refund.ts'
import { settleRefund } from '../../refunds/settle-refund.ts'
import { type Actions } from './actions.ts'

/** What the page does to payments, and to what comes of them. */
export function addMoneyActions(actions: Actions): void {
  actions.add(
    'payments/:id/refund',
    'payments',
    z.object({ amount: z.string().optional() }),
    (tx, form, { id = '' }) => {
      const payment = findPayment(tx, id)
      if (!payment) throw notFound('payment', id)
      const amount = form.amount === undefined ? undefined : typedAmount(form.amount, payment.currency)
      createRefund(tx, { payment_id: id, amount, metadata: {} })
    },
  )
  actions.add(
    'payments/:id/dispute',
    'payments',
    z.object({ stage: z.enum(disputeStages) }),
    (tx, { stage }, { id = '' }) => openDispute(tx, { paymentId: id, stage, reason: null }),
  )
  actions.add(
    'payments/:id/settle',
    'payments',
    z.object({ outcome: z.enum(['succeeded', 'failed', 'cancelled']) }),
    (tx, { outcome }, { id = '' }) =>
      settlePayment(tx, id, outcome === 'failed' ? declinedByBank('GENERIC_DECLINE') : { status: outcome }),
  )
  actions.add(
    'refunds/:id/settle',
    'payments',
    z.object({ outcome: z.enum(['succeeded', 'failed']) }),
    (tx, { outcome }, { id = '' }) => settleRefund(tx, id, outcome),
  )
  actions.add(
    'disputes/:id/decide',
    'payments',
    z.object({ decision: z.enum(disputeDecisions) }),
    (tx, { decision }, { id = '' }) => decideDispute(tx, { disputeId: id, decision }),
  )
  actions.add(
    'fail-next-payment',
    'faults',
    z.object({ error_code: z.enum(paymentErrorCodes) }),
    (tx, { error_code }) => addFaultRules(tx, { rules: [{ kind: 'fail_next_payment', error_code }] }),
  )
  addCreditActions(actions)
}

function addCreditActions(actions: Actions): void {
  const amountForm = z.object({ amount: creditsSchema })
  actions.add(
    'credits/:entitlement/:customer/grant',
    'credits',
    amountForm,
    (tx, { amount }, { entitlement = '', customer = '' }) => {
      const body = createLedgerEntrySchema.parse({
        amount,
        entry_type: 'credit',
        reason: 'Given on the control page',
      })
      createLedgerEntry(tx, { entitlementId: entitlement, customerId: customer, body })
    },
  )
  actions.add(
    'credits/:entitlement/:customer/use',
    'credits',
    amountForm,
    (tx, { amount }, { entitlement = '', customer = '' }) => {
      const kind = findEntitlement(tx, entitlement)
      if (!kind) throw notFound('credit entitlement', entitlement)
      checkPrecision('amount', amount, kind.precision)
      const account = { entitlementId: entitlement, customerId: customer }
      useCredits(tx, { ...account, amount: creditsFromDecimal(amount), entry: {} })
    },
  )
}

// What the API takes for an amount, too.
const amountMax = 2_147_483_647

/** @throws a 422 when the text is no amount of the currency */
export function typedAmount(text: string, currency: string): number {
  const amount = amountFromDecimal(text, currency)
  if (amount === undefined || amount > amountMax)
    throw invalidBody(
      `"${text}" is no amount in ${currency}. Write it like 40 or 40.00, with no more decimals than the currency has.`,
    )
  return amount
}
