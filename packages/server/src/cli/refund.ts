import { createInterface } from 'node:readline/promises'
import { Command, InvalidArgumentError } from 'commander'
import type { Engine } from '../engine.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId, parseId } from '../kernel/ids.ts'
import { formatMoney } from '../kernel/money.ts'
import { Fault } from '../kernel/refusal.ts'
import { orderNotFound } from '../orders/errors.ts'
import { type Part, partAsked } from '../refunds/quote-refund.ts'
import { type Asked, hasEnded } from '../refunds/refund-request.ts'
import type { OrderQuote, RefundRequest } from '../refunds/refunds.ts'
import type { Environment } from './environment.ts'
import { withEngine } from './open-engine.ts'
import { type PlaceFlags, placed } from './placed.ts'
import { progressLine } from './progress-line.ts'

interface RefundFlags extends PlaceFlags {
  unused?: boolean
  all?: boolean
  amount?: bigint
  reason?: string
  yes?: boolean
}

export function refundCommand(environmentWith: (flags: RefundFlags) => Environment): Command {
  return placed(new Command('refund'))
    .description('give back what was paid for an order, and take its credits back')
    .argument('<order>', 'ord_…')
    .option('--unused', 'exactly the credits that are unused, at what they were bought for')
    .option('--all', 'all that is left, also for credits that are spent')
    .option(
      '--amount <minor>',
      'so much, tax included, in minor units of the currency that was paid in: 1999 is 19.99 USD',
      parseAmount,
    )
    .option('--reason <text>', 'goes to Dodo with the refund')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Shows what is unused and what is left, asks, and waits for the end. Exit codes: 0 refunded; 1 refused, failed, or not
wanted; 2 not decided yet: the server goes on with it, and the credits stay frozen until then.`,
    )
    .action(async (order: string, flags: RefundFlags, command: Command) => {
      const asked = askedFrom(flags)
      if (asked === undefined) command.error('error: say one of --unused, --all and --amount <minor>')
      process.exitCode = await refundOrder(environmentWith(flags), {
        order,
        asked,
        reason: flags.reason,
        confirm: flags.yes === true ? () => Promise.resolve(true) : confirmOnTerminal(),
      })
    })
}

function parseAmount(written: string): bigint {
  if (/^[1-9]\d{0,14}$/.test(written)) return BigInt(written)
  throw new InvalidArgumentError('Write a whole number above zero, in minor units: 1999 for 19.99 USD.')
}

function askedFrom({ unused, all, amount }: RefundFlags): Asked | undefined {
  const asked: Asked[] = [
    ...(unused === true ? [{ kind: 'unused' } as const] : []),
    ...(all === true ? [{ kind: 'all' } as const] : []),
    ...(amount === undefined ? [] : [{ kind: 'amount', amountMinor: amount } as const]),
  ]
  return asked.length === 1 ? asked[0] : undefined
}

type Confirm = (question: string) => Promise<boolean>

/** Undefined where there is nobody to ask. */
function confirmOnTerminal(): Confirm | undefined {
  if (!process.stdin.isTTY) return undefined
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    try {
      return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
    } finally {
      terminal.close()
    }
  }
}

export interface RefundOptions {
  readonly order: string
  readonly asked: Asked
  readonly reason: string | undefined
  /** Undefined where there is nobody to ask. */
  readonly confirm: Confirm | undefined
  readonly patience?: Patience
}

interface Patience {
  readonly waitMs: number
  readonly everyMs: number
}

// A refund takes seconds, or days: what lasts longer than this is Dodo's people's.
const patient: Patience = { waitMs: 120_000, everyMs: 1_000 }

/** `tallystick refund`. Answers the exit code: 1 when nothing was refunded, 2 when that is not decided yet. */
export function refundOrder(environment: Environment, options: RefundOptions): Promise<number> {
  return withEngine(environment, async (engine) => {
    const orderId = parseId('order', options.order)
    if (orderId === undefined) throw orderNotFound({})
    const quote = await engine.refunds.quote(orderId)
    console.log(describe(quote))
    if (quote.refused !== undefined) throw quote.refused
    const part = partAsked(options.asked, quote)
    if (options.confirm === undefined) throw nobodyToAsk()
    if (!(await options.confirm(`Refund ${textOf(part, quote)}?`))) {
      console.error('Nothing was refunded.')
      return 1
    }
    const asked = await engine.refunds.refund({
      orderId,
      asked: options.asked,
      reason: options.reason,
      actor: 'tallystick refund',
      idempotencyKey: crypto.randomUUID(),
    })
    return tellEnd(await waitForEnd(engine, asked, options.patience ?? patient))
  })
}

function describe(quote: OrderQuote): string {
  const { order, paid, left, unused, all, refundableUntil } = quote
  const until = refundableUntil === undefined ? '' : `, until ${refundableUntil.toISOString()}`
  return [
    `${formatId('order', order.id)}: ${order.packName}, ${formatMoney(paid)} with tax, customer ${order.customer}`,
    `  unused  ${decimalFromCredits(unused.credits)} ${order.unit}: ${formatMoney(unused.amount)}`,
    `  all     ${decimalFromCredits(all.credits)} ${order.unit}: ${formatMoney(all.amount)}`,
    `  Dodo gives back at most ${formatMoney(left)}${until}.`,
  ].join('\n')
}

function textOf({ kind, credits, amount }: Part & { readonly kind: Asked['kind'] }, { order }: OrderQuote) {
  return kind === 'amount'
    ? formatMoney(amount)
    : `${formatMoney(amount)} and take ${decimalFromCredits(credits)} ${order.unit} back`
}

function nobodyToAsk(): Fault {
  return new Fault(
    'nobody_to_ask',
    'There is no terminal to ask on. Nothing was refunded; add --yes to refund without being asked.',
    { retryable: false },
  )
}

async function waitForEnd(
  { refunds }: Engine,
  asked: RefundRequest,
  { waitMs, everyMs }: Patience,
): Promise<RefundRequest> {
  const progress = progressLine(process.stderr)
  const begunMs = performance.now()
  let request = asked
  try {
    while (!hasEnded(request) && request.state !== 'review' && performance.now() - begunMs < waitMs) {
      const seconds = Math.floor((performance.now() - begunMs) / 1000)
      progress.show(`Refunding ${formatMoney(request.amount)}: ${request.state}, ${seconds} s`)
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => setTimeout(resolve, everyMs))
      // oxlint-disable-next-line no-await-in-loop
      request = await followOrKeep(refunds, request)
    }
  } finally {
    progress.end()
  }
  return request
}

/** A provider that does not answer for a moment is asked again. */
async function followOrKeep(refunds: Engine['refunds'], request: RefundRequest): Promise<RefundRequest> {
  try {
    return await refunds.follow(request.id)
  } catch (error) {
    if (error instanceof Fault && error.retryable) return request
    throw error
  }
}

function tellEnd(request: RefundRequest): number {
  const id = formatId('refund', request.id)
  switch (request.state) {
    case 'succeeded':
      console.log(`Refunded ${formatMoney(request.amount)}. ${id}`)
      return 0
    case 'failed':
      console.error(`Nothing was refunded, and the credits are free again. ${request.failure ?? ''} ${id}`)
      return 1
    case 'review':
      console.error(`Dodo reviews the refund, which may take days. Its credits stay frozen until then. ${id}`)
      return 2
    case 'asked':
    case 'pending':
      console.error(`Not decided yet: the server goes on with it, and its credits stay frozen. ${id}`)
      return 2
  }
}
