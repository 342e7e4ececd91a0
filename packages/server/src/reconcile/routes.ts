import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import { instantSchema, instantToWire, optionalInstantToWire } from '../http/wire.ts'
import { formatId } from '../kernel/ids.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import { findingKinds, type Reconciliation } from './reconciliation.ts'
import type { Reconciliations } from './reconciliations.ts'

const findingSchema = z
  .object({
    kind: z.enum(findingKinds),
    payment: z.string(),
    order: z.string().nullable(),
    note: z.string().nullable(),
  })
  .openapi('ReconciliationFinding')

const reconciliationSchema = z
  .object({
    from: instantSchema.openapi({ description: 'What was made since then was looked at.' }),
    began_at: instantSchema,
    ended_at: instantSchema.nullable(),
    dry_run: z.boolean(),
    read: z.object({
      payments: z.int(),
      refunds: z.int(),
      disputes: z.int(),
      subscriptions: z.int(),
    }),
    findings: z.array(findingSchema).openapi({ description: 'The first thousand.' }),
    error: z.string().nullable().openapi({
      description: 'Why it was cut off. What it had settled by then stays, and the next goes on from there.',
    }),
  })
  .openapi('Reconciliation')

const listedMax = 20

export function reconciliationRoutes(reconciliations: Reconciliations): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/reconciliations',
      id: 'reconcile',
      tag: 'Payments',
      summary: 'Compare with the payment provider, and mend what differs',
      description:
        'Walks over the payments, refunds, disputes and subscriptions that the provider has, credits what was paid and missed, takes back what was given back, and flags what does not match. It also runs by itself.',
      body: z.strictObject({
        since: z.iso
          .datetime({ offset: true, error: 'must be an instant such as 2026-01-31T12:00:00Z.' })
          .transform((written) => new Date(written))
          .optional()
          .openapi({ description: 'Three days before the last walk unless given.' }),
        dry_run: z.boolean().optional().openapi({ description: 'Look, and change nothing.' }),
      }),
      answer: reconciliationSchema,
      refusals: [providerNotConfigured],
      handle: async ({ body }) =>
        reconciliationToWire(await reconciliations.run({ since: body.since, isDryRun: body.dry_run })),
    }),
    route({
      method: 'GET',
      path: '/v1/reconciliations',
      id: 'listReconciliations',
      tag: 'Payments',
      summary: 'The last comparisons with the payment provider, newest first',
      answer: z.object({ data: z.array(reconciliationSchema) }),
      refusals: [],
      handle: async () => ({ data: (await reconciliations.list(listedMax)).map(reconciliationToWire) }),
    }),
  ]
}

function reconciliationToWire(walk: Reconciliation): z.input<typeof reconciliationSchema> {
  return {
    from: instantToWire(walk.from),
    began_at: instantToWire(walk.beganAt),
    ended_at: optionalInstantToWire(walk.endedAt),
    dry_run: walk.isDryRun,
    read: walk.reads,
    findings: walk.findings.map(({ kind, paymentId, orderId, note }) => ({
      kind,
      payment: paymentId,
      order: orderId === undefined ? null : formatId('order', orderId),
      note: note ?? null,
    })),
    error: walk.error ?? null,
  }
}
