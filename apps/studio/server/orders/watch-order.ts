import { setTimeout as pause } from 'node:timers/promises'
import { type Order, TallystickError } from '@tallystick/client'
import { resumeWaiting } from '../jobs/resume-waiting.ts'
import type { DevParts, Parts } from '../parts.ts'
import type { Visitor } from '../visitors/visitor.ts'

// While somebody stands at the checkout the answer should come at once; later it may take its time.
const eagerForMs = 10 * 60_000
const eagerMs = 600
const patientMs = 5_000
// A checkout session ends after a day: an order older than that is looked at once more, and forgotten.
const watchForMs = 24 * 3_600_000

/**
 * Asks the server how an order stands until its credits are there, and then lets the waiting picture go on. Returning
 * from the checkout proves nothing, so nothing here reads what the browser says about it.
 */
export async function watchOrder(
  parts: Pick<Parts, 'credits' | 'enlarger' | 'now' | 'dev' | 'log'>,
  visitor: Visitor,
  open: { order: string; opened_at: string },
  signal: AbortSignal,
): Promise<void> {
  const began = Date.parse(open.opened_at)
  let last: Order | null = null
  let webhooksSeen = 0
  for (;;) {
    try {
      // #region life:payment life:balance
      // oxlint-disable-next-line no-await-in-loop
      const order = await parts.credits.order(open.order)
      if (order.state !== last?.state || order.failure?.code !== last.failure?.code) {
        if (last !== null) tellChange(visitor, order, last)
        visitor.tell({ type: 'order', order })
      }
      // #endregion life:payment life:balance
      last = order
      if (parts.dev !== null) {
        // oxlint-disable-next-line no-await-in-loop
        webhooksSeen = await recordWebhooks(parts.dev, visitor, order.id, webhooksSeen)
      }
      if (order.state === 'credited') {
        // oxlint-disable-next-line no-await-in-loop
        await visitor.closeOrder(order.id)
        // oxlint-disable-next-line no-await-in-loop
        await afterCredits(parts, visitor, order)
        return
      }
    } catch (error) {
      // The server may be away; the client has tried for a while already, and the order is not lost.
      parts.log(`order ${open.order}: ${error instanceof Error ? error.message : String(error)}`)
      if (error instanceof TallystickError && error.code === 'order_not_found') break
    }
    if (parts.now().getTime() - began >= watchForMs) break
    const waitMs = parts.now().getTime() - began < eagerForMs ? eagerMs : patientMs
    try {
      // Waiting is the point of this loop; an unref'd timer lets the process end.
      // oxlint-disable-next-line no-await-in-loop
      await pause(waitMs, undefined, { signal, ref: false })
    } catch {
      return
    }
  }
  await visitor.closeOrder(open.order)
}

async function afterCredits(
  parts: Pick<Parts, 'credits' | 'enlarger'>,
  visitor: Visitor,
  order: Order,
): Promise<void> {
  // #region life:balance
  const balance = await parts.credits.balance(visitor.customer)
  visitor.record('balance', `${order.credits} credits are there: ${balance.spendable} to spend`, balance)
  visitor.tell({ type: 'balance' })
  await resumeWaiting(parts, visitor)
  // #endregion life:balance
}

function tellChange(visitor: Visitor, order: Order, last: Order): void {
  if (order.failure !== null && order.failure.code !== last.failure?.code) {
    visitor.record('payment', `Declined: ${order.failure.message}`, order)
  }
  if (last.state !== 'credited' && order.state === 'credited') {
    visitor.record('payment', `Paid: ${order.payment ?? 'by Dodo'}`, order)
  }
}

interface InboxMessage {
  message_id: string
  event_type: string
  headers: Record<string, string>
  body: string
}

/** Shows the visitor what arrived for their order, byte for byte; the development server lets it be read. */
async function recordWebhooks(dev: DevParts, visitor: Visitor, order: string, seen: number): Promise<number> {
  const response = await dev.fetch(new Request(`${dev.tallystickUrl}/dev/inbox?order=${order}`))
  if (!response.ok) return seen
  const { data } = (await response.json()) as { data: InboxMessage[] }
  for (const message of data.slice(0, Math.max(0, data.length - seen)).reverse()) {
    const { headers, body, ...facts } = message
    visitor.record('webhook', message.event_type, facts, { headers, body })
  }
  return Math.max(seen, data.length)
}
