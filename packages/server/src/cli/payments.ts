import { Command, InvalidArgumentError, Option } from 'commander'
import type { Engine } from '../engine.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Payment, Standing } from '../payments/payment.ts'
import type { Environment } from './environment.ts'
import { withEngine } from './open-engine.ts'
import { type PlaceFlags, placed } from './placed.ts'
import { table } from './table.ts'

interface ListFlags extends PlaceFlags {
  standing?: Standing
  limit: number
}

interface DecideFlags extends PlaceFlags {
  actor?: string
}

const standings: readonly Standing[] = [
  'unassigned',
  'flagged',
  'dismissed',
  'awaiting_credits',
  'credited',
  'none',
]

export function paymentsCommand(environmentWith: (flags: PlaceFlags) => Environment): Command {
  const actor = 'who decides, kept with the payment (the user of this shell)'

  return new Command('payments')
    .description(
      'payments that wait for a person: those of nobody known, and those that are not what was ordered',
    )
    .addCommand(
      command('list', 'those that wait, the last one first')
        .addOption(new Option('--standing <standing>', 'those of one standing').choices(standings))
        .option('--limit <count>', 'how many at most', parseLimit, 20)
        .action(async (flags: ListFlags) => {
          process.exitCode = await listWaiting(environmentWith(flags), flags)
        }),
    )
    .addCommand(
      command('assign', 'give a payment to a customer, who gets what it bought')
        .argument('<payment>', 'pay_…')
        .argument('<customer>', "the app's own id of the customer")
        .option('--pack <pack>', 'what was bought, where its product is not known')
        .option('--actor <who>', actor)
        .action(async (payment: string, customer: string, flags: DecideFlags & { pack?: string }) => {
          const environment = environmentWith(flags)
          process.exitCode = await decide(environment, flags, (engine, by) =>
            engine.payments.assign({ paymentId: payment, customer, pack: flags.pack, actor: by }),
          )
        }),
    )
    .addCommand(
      command('dismiss', 'decide that nothing follows from a payment, for good')
        .argument('<payment>', 'pay_…')
        .argument('<reason>', 'kept with the payment')
        .option('--actor <who>', actor)
        .action(async (payment: string, reason: string, flags: DecideFlags) => {
          const environment = environmentWith(flags)
          process.exitCode = await decide(environment, flags, (engine, by) =>
            engine.payments.dismiss({ paymentId: payment, reason, actor: by }),
          )
        }),
    )
}

function command(usage: string, description: string): Command {
  return placed(new Command(usage)).description(description)
}

// What the API gives at once.
const limitMax = 100

function parseLimit(written: string): number {
  const limit = Number(written)
  if (Number.isInteger(limit) && limit > 0 && limit <= limitMax) return limit
  throw new InvalidArgumentError(`Write a number from 1 to ${limitMax}.`)
}

/** `tallystick payments list`. Answers the exit code. */
function listWaiting(
  environment: Environment,
  { standing, limit }: Pick<ListFlags, 'standing' | 'limit'>,
): Promise<number> {
  return withEngine(environment, async (engine) => {
    const wanted: readonly Standing[] = standing === undefined ? ['unassigned', 'flagged'] : [standing]
    const pages = await Promise.all(
      wanted.map((one) => engine.payments.list({ standing: one, limit, before: undefined })),
    )
    const payments = pages
      .flatMap((page) => page.payments)
      .sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())
      .slice(0, limit)
    console.log(describeList(payments, { mode: engine.mode, standing, limit }))
    return 0
  })
}

function decide(
  environment: Environment,
  { actor }: DecideFlags,
  change: (engine: Engine, actor: string) => Promise<Payment>,
): Promise<number> {
  return withEngine(environment, async (engine) => {
    console.log(describeDecided(await change(engine, actor ?? environment['USER'] ?? 'tallystick payments')))
    return 0
  })
}

function describeList(
  payments: readonly Payment[],
  { mode, standing, limit }: { mode: string; standing: Standing | undefined; limit: number },
): string {
  const which = standing === undefined ? 'waits for a person' : `is ${standing}`
  if (payments.length === 0) return `No payment ${which} (${mode} mode).`
  const rows = payments.map((payment) => [
    payment.paymentId,
    payment.standing,
    payment.receivedAt.toISOString().slice(0, 16).replace('T', ' '),
    payment.charged === undefined ? '?' : formatMoney(payment.charged.total),
    (payment.cart ?? []).map(({ quantity, productId }) => `${quantity} × ${productId}`).join(', ') || '?',
    payment.customer ?? payment.providerCustomerId ?? '?',
  ])
  const notes = payments.flatMap(({ paymentId, note }) => (note === undefined ? [] : `${paymentId}: ${note}`))
  return [
    table(['payment', 'standing', 'received (UTC)', 'paid', 'for', 'customer'], rows),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
    `${payments.length} ${payments.length === 1 ? 'payment' : 'payments'}, ${mode} mode.${payments.length === limit ? ' There may be more: --limit.' : ''}`,
  ].join('\n')
}

function describeDecided({ paymentId, standing, customer, bought, note }: Payment): string {
  if (standing === 'credited' && bought !== undefined) {
    const back = bought.revoked > 0n ? `, ${decimalFromCredits(bought.revoked)} of them taken back since` : ''
    return `${paymentId} is ${customer ?? ''}'s: ${decimalFromCredits(bought.granted)} credits granted${back}.`
  }
  return `${paymentId} is ${standing}. ${note ?? ''}`.trim()
}
