import type { Fault } from '../../../../tools/sabotage.ts'

const payments = 'packages/server/src/payments'
const orders = 'packages/server/src/orders'
const inbox = 'packages/server/src/inbox'
const reconcile = 'packages/server/src/reconcile'

/** What chaos must find, in the path of a purchase. */
export const purchaseFaults: readonly Fault[] = [
  {
    name: 'a message that comes twice is another message, and a payment that is told again is credited again',
    edits: [
      {
        file: `${inbox}/receive-webhook.ts`,
        find: 'const { messageId, reading } = verified',
        replace: 'const { reading } = verified; const messageId = `${verified.messageId}${Math.random()}`',
      },
      {
        file: `${payments}/credit-payment.ts`,
        find: 'if (payment.bought !== undefined) {',
        replace: 'if (payment.bought !== undefined && Date.now() < 0) {',
      },
      {
        file: `${payments}/credit-payment.ts`,
        find: 'internalKey(`payment:${order.provider}:${payment.paymentId}`)',
        replace: 'internalKey(`payment:${order.provider}:${payment.paymentId}:${Math.random()}`)',
      },
    ],
  },
  {
    name: 'a declined card is credited',
    edits: [
      {
        file: `${payments}/settle-payment.ts`,
        find: 'return noteFailure(tx, told, asOf, context)',
        replace: 'return settleSuccess(tx, payment, told, context)',
      },
    ],
  },
  {
    name: 'the tax is taken for a part of the price',
    edits: [
      {
        file: `${payments}/difference-from-order.ts`,
        find: 'return netMinor(charged) === amountMinor || charged.total.amountMinor === amountMinor',
        replace: 'return charged.total.amountMinor === amountMinor',
      },
    ],
  },
  {
    name: 'a refund that failed takes credits back',
    edits: [
      {
        file: `${payments}/share.ts`,
        find: ".filter(({ state }) => state === 'succeeded')",
        replace: '.filter(() => true)',
      },
    ],
  },
  {
    name: 'of several refunds only the last counts',
    edits: [
      {
        file: `${payments}/share.ts`,
        find: 'shareOf(payment, granted, [...refunded, ...lost])',
        replace: 'shareOf(payment, granted, [...refunded, ...lost].slice(-1))',
      },
      {
        file: `${payments}/share.ts`,
        find: 'shareOf(payment, granted, refunded)',
        replace: 'shareOf(payment, granted, refunded.slice(-1))',
      },
    ],
  },
  {
    name: 'the share of a refund is rounded up',
    edits: [
      {
        file: `${payments}/share.ts`,
        find: 'micros((granted * byMoney) / total + asAsked)',
        replace: 'micros((granted * byMoney + total - 1n) / total + asAsked)',
      },
    ],
  },
  {
    name: 'a dispute that was lost takes nothing back',
    edits: [
      {
        file: `${payments}/share.ts`,
        find: ".filter(({ state }) => state === 'lost')",
        replace: '.filter(() => false)',
      },
    ],
  },
  {
    name: 'an open dispute freezes nothing',
    edits: [
      {
        file: `${payments}/share.ts`,
        find: "if (disputes.some(isUndecided)) return 'dispute'",
        replace: '',
      },
    ],
  },
  {
    name: 'a lot stays frozen when its dispute is decided',
    edits: [
      {
        file: `${payments}/take-back.ts`,
        find: 'const isFreezing = isFrozen !== bought.isFrozen',
        replace: 'const isFreezing = isFrozen && !bought.isFrozen',
      },
    ],
  },
  {
    name: 'a click that is repeated makes another order',
    edits: [
      {
        file: `${orders}/create-order.ts`,
        find: 'const { intent, mode, catalog } = input',
        replace:
          'const { mode, catalog } = input; const intent = { ...input.intent, idempotencyKey: `${input.intent.idempotencyKey}${input.orderId}` }',
      },
    ],
  },
  {
    name: 'a message is acknowledged and not kept',
    edits: [
      {
        file: `${inbox}/receive-webhook.ts`,
        find: 'const isNew = await queries.insertMessage(tx, {',
        replace:
          'const isNew = reading.kind === "event" && Date.now() > 0 ? false : await queries.insertMessage(tx, {',
      },
    ],
  },
  {
    name: 'a message is settled without its consequences',
    edits: [
      {
        file: `${inbox}/process-message.ts`,
        find: 'const settled = await settleEvent(tx, reading.event, sentAt(message), context)',
        replace:
          "const settled: Settled = { state: 'processed', note: undefined, orderId: undefined, paymentId: undefined }",
      },
    ],
  },
  {
    name: 'the reconciler passes over payments',
    edits: [
      {
        file: `${reconcile}/walk-payments.ts`,
        find: 'if (isToBeAsked(listed, known)) await settlePayment(run, listed)',
        replace: 'isToBeAsked(listed, known)',
      },
    ],
  },
  {
    name: 'the reconciler passes over refunds',
    edits: [
      {
        file: `${reconcile}/reconcile.ts`,
        find: 'await walkRefunds(run, window)',
        replace: 'void walkRefunds',
      },
    ],
  },
  {
    name: 'the reconciler passes over disputes',
    edits: [
      {
        file: `${reconcile}/reconcile.ts`,
        find: 'await walkDisputes(run, { from: disputesFrom, to: undefined })',
        replace: 'void walkDisputes',
      },
    ],
  },
]
