import { z } from '@hono/zod-openapi'
import { problemFrom, problemSchema } from '../../http/problem.ts'
import { type Route, route } from '../../http/route.ts'
import { textSchema } from '../../http/wire.ts'
import { invariant, Refusal } from '../../kernel/refusal.ts'
import { charactersMax } from '../request-bounds.ts'
import type { BatchOutcome, BatchRequest, Done, Granted, LedgerRequests } from '../requests.ts'
import {
  chargeFields,
  chargeSchema,
  chargeToWire,
  refundFields,
  refundRequest,
  refundSchema,
  refundToWire,
} from './charges.ts'
import {
  capturedToWire,
  captureFields,
  captureRequest,
  captureSchema,
  checkpointFields,
  extendFields,
  holdFields,
  holdId,
  holdRequest,
  holdSchema,
  holdToWire,
  placedHoldSchema,
  placedToWire,
} from './holds.ts'
import {
  adjustFields,
  adjustmentSchema,
  adjustmentToWire,
  checkGrant,
  grantFields,
  grantRequest,
  grantSchema,
  grantToWire,
} from './lots.ts'
import { checkSpend, spendRequest } from './spending.ts'

const operationsMax = 1000

/** Four KiB an operation: ten times what one usually takes. */
const batchBytesMax = 4 * 1024 * 1024

const keyField = textSchema(charactersMax.key).openapi({
  description: 'The idempotency key of this operation, as the header is of a request.',
})
const onHold = { key: keyField, hold: z.string() }

const operationSchema = z
  .discriminatedUnion('op', [
    z.strictObject({ op: z.literal('charge'), key: keyField, ...chargeFields }).superRefine(checkSpend),
    z.strictObject({ op: z.literal('hold'), key: keyField, ...holdFields }).superRefine(checkSpend),
    z.strictObject({ op: z.literal('capture'), ...onHold, ...captureFields }),
    z.strictObject({ op: z.literal('release'), ...onHold }),
    z.strictObject({ op: z.literal('checkpoint'), ...onHold, ...checkpointFields }),
    z.strictObject({ op: z.literal('extend'), ...onHold, ...extendFields }),
    z.strictObject({ op: z.literal('refund'), key: keyField, charge: z.string(), ...refundFields }),
    z.strictObject({ op: z.literal('grant'), key: keyField, ...grantFields }).superRefine(checkGrant),
    z.strictObject({ op: z.literal('adjust'), key: keyField, ...adjustFields }),
  ])
  .openapi('BatchOperation')

const isDone = { ok: z.literal(true) }

const outcomeSchema = z
  .union([
    chargeSchema.extend({ ...isDone, op: z.literal('charge') }).openapi('ChargeOutcome'),
    placedHoldSchema.extend({ ...isDone, op: z.literal('hold') }).openapi('HoldOutcome'),
    captureSchema.extend({ ...isDone, op: z.literal('capture') }).openapi('CaptureOutcome'),
    holdSchema
      .extend({ ...isDone, op: z.enum(['release', 'checkpoint', 'extend']) })
      .openapi('ChangedHoldOutcome'),
    refundSchema.extend({ ...isDone, op: z.literal('refund') }).openapi('RefundOutcome'),
    grantSchema.extend({ ...isDone, op: z.literal('grant') }).openapi('GrantOutcome'),
    adjustmentSchema.extend({ ...isDone, op: z.literal('adjust') }).openapi('AdjustmentOutcome'),
    z
      .object({
        ok: z.literal(false),
        op: z.string(),
        problem: problemSchema.openapi({ description: 'What the operation alone would have been answered.' }),
      })
      .openapi('RefusedOutcome'),
  ])
  .openapi('BatchOutcome')

export function batchRoute(engine: Pick<LedgerRequests, 'batch'>): Route {
  return route({
    method: 'POST',
    path: '/v1/batch',
    id: 'batch',
    tag: 'Batches',
    summary: 'Up to a thousand operations in one request',
    description:
      'Each as if it had been sent alone, under its own key: it succeeds, or is refused, by itself. Operations on one wallet happen in their order. Answered in their order, with 200 whatever became of them. A batch with a malformed operation is refused as a whole, and nothing is done.',
    body: z.strictObject({
      operations: z
        .array(operationSchema)
        .min(1, { error: 'must have at least one operation.' })
        .max(operationsMax, { error: `must have at most ${operationsMax} operations.` }),
    }),
    bodyBytesMax: batchBytesMax,
    answer: z.object({ outcomes: z.array(outcomeSchema) }).openapi('BatchAnswer'),
    refusals: [],
    handle: async ({ body, requestId }) => {
      const requests = body.operations.map(requestOf)
      const answers = (await engine.batch(requests.filter(isRequest))).values()
      const outcomes = requests.map((request, index) => {
        const op = body.operations[index]?.op ?? ''
        if (!isRequest(request)) return refusedToWire(op, request, requestId)
        const outcome: BatchOutcome | undefined = answers.next().value
        invariant(outcome, 'every operation has an outcome')
        return outcome.ok ? doneToWire(request, outcome.done) : refusedToWire(op, outcome.error, requestId)
      })
      return { outcomes }
    },
  })
}

type Outcome = z.input<typeof outcomeSchema>

function isRequest(request: BatchRequest | Refusal): request is BatchRequest {
  return !(request instanceof Refusal)
}

/** What is asked of the engine; an id that cannot be one is refused like any that is not known. */
function requestOf(operation: z.output<typeof operationSchema>): BatchRequest | Refusal {
  try {
    return parsedRequest(operation)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function parsedRequest(operation: z.output<typeof operationSchema>): BatchRequest {
  switch (operation.op) {
    case 'charge': {
      const { op, key, ...body } = operation
      return { op, ...spendRequest(body, key) }
    }
    case 'hold': {
      const { op, key, ...body } = operation
      return { op, ...holdRequest(body, key) }
    }
    case 'capture': {
      const { op, key, ...body } = operation
      return { op, ...captureRequest(body, key) }
    }
    case 'release': {
      const { op, key, hold } = operation
      return { op, hold: holdId(hold), idempotencyKey: key }
    }
    case 'checkpoint': {
      const { op, key, hold, credits } = operation
      return { op, hold: holdId(hold), credits, idempotencyKey: key }
    }
    case 'extend': {
      const { op, key, hold, expires_in_seconds: expiresInSeconds } = operation
      return { op, hold: holdId(hold), expiresInSeconds, idempotencyKey: key }
    }
    case 'refund': {
      const { op, key, ...body } = operation
      return { op, ...refundRequest(body, key) }
    }
    case 'grant': {
      const { op, key, ...body } = operation
      return { op, ...grantRequest(body, key) }
    }
    case 'adjust': {
      const { op, key, ...body } = operation
      return { op, ...body, idempotencyKey: key }
    }
  }
}

function refusedToWire(op: string, error: unknown, requestId: string): Outcome {
  return { ok: false, op, problem: problemFrom(error, requestId).problem }
}

function doneToWire(request: BatchRequest, done: Done | Granted): Outcome {
  switch (request.op) {
    case 'charge':
      return { ok: true, op: request.op, ...chargeToWire(done) }
    case 'hold':
      return { ok: true, op: request.op, ...placedToWire(done) }
    case 'capture':
      return { ok: true, op: request.op, ...capturedToWire(done) }
    case 'release':
    case 'checkpoint':
    case 'extend':
      return { ok: true, op: request.op, ...holdToWire(done) }
    case 'refund':
      return { ok: true, op: request.op, ...refundToWire(request, done) }
    case 'grant':
      // The engine answers a grant with its lot.
      return { ok: true, op: request.op, ...grantToWire(done as Granted) }
    case 'adjust':
      return { ok: true, op: request.op, ...adjustmentToWire(request, done) }
  }
}
