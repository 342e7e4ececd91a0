import { Command, InvalidArgumentError, Option } from 'commander'
import type { Engine } from '../engine.ts'
import type { Message, ReplayedMessage, ReplayPage } from '../inbox/inbox.ts'
import { formatId } from '../kernel/ids.ts'
import type { Environment } from './environment.ts'
import { withEngine } from './open-engine.ts'
import { type PlaceFlags, placed } from './placed.ts'
import { progressLine } from './progress-line.ts'
import { parseWhen } from './reconcile.ts'

interface FilterFlags extends PlaceFlags {
  state?: NonNullable<ReplayPage['state']>
  type?: string
  entity?: string
  from?: Date
  until?: Date
  limit?: number
}

const states = ['received', 'processed', 'ignored', 'flagged'] as const

export function inboxCommand(environmentWith: (flags: PlaceFlags) => Environment): Command {
  return new Command('inbox')
    .description("the payment provider's messages: what came, what became of it, and once more")
    .addCommand(
      filtered(new Command('list'))
        .description('what came, newest first')
        .option('--limit <count>', 'so many', parseLimit, 20)
        .action(async (flags: FilterFlags) => {
          process.exitCode = await listInbox(environmentWith(flags), flags)
        }),
    )
    .addCommand(
      placed(new Command('show'))
        .description('a message with its body')
        .argument('<message>', "the provider's id, as in webhook-id")
        .action(async (message: string, flags: PlaceFlags) => {
          process.exitCode = await showMessage(environmentWith(flags), message)
        }),
    )
    .addCommand(
      filtered(new Command('replay'))
        .description('process messages anew: these, or all that came as the options say, oldest first')
        .argument('[messages...]', 'their ids')
        .addHelpText(
          'after',
          '\nWhatever became of a message before, nothing is done twice, and an old one undoes nothing newer.',
        )
        .action(async (messages: string[], flags: FilterFlags) => {
          process.exitCode = await replayInbox(environmentWith(flags), messages, flags)
        }),
    )
}

function filtered(command: Command): Command {
  return placed(command)
    .addOption(new Option('--state <state>', 'flagged ones wait for a person').choices(states))
    .option('--type <type>', 'of this type, such as payment.succeeded')
    .option('--entity <id>', 'about this payment, refund or dispute')
    .option('--from <when>', 'came then or later: 2026-01-31, an instant, or 7d', parseWhen)
    .option('--until <when>', 'came before', parseWhen)
}

function parseLimit(written: string): number {
  const limit = Number(written)
  if (Number.isInteger(limit) && limit > 0 && limit <= 1000) return limit
  throw new InvalidArgumentError('Write a number from 1 to 1000.')
}

function filterOf({ state, type, entity, from, until }: FilterFlags) {
  return { state, eventType: type, entityId: entity, from, until }
}

/** `tallystick inbox list`. Answers the exit code. */
export function listInbox(environment: Environment, flags: FilterFlags): Promise<number> {
  return withEngine(environment, async ({ inbox }) => {
    const messages = await inbox.messages({ ...filterOf(flags), limit: flags.limit ?? 20 })
    if (messages.length === 0) console.log('No message came that is as you say.')
    for (const message of messages) console.log(lineOf(message))
    return 0
  })
}

function lineOf({ receivedAt, state, eventType, messageId, orderId, note }: Message): string {
  const order = orderId === undefined ? '' : `  ${formatId('order', orderId)}`
  const why = note === undefined ? '' : `\n    ${note}`
  return `${receivedAt.toISOString()}  ${state.padEnd(9)}  ${eventType.padEnd(20)}  ${messageId}${order}${why}`
}

/** `tallystick inbox show`. Answers the exit code: 1 when there is no such message. */
export function showMessage(environment: Environment, messageId: string): Promise<number> {
  return withEngine(environment, async ({ inbox }) => {
    const message = await inbox.message(messageId)
    console.log(lineOf(message))
    for (const [name, value] of Object.entries(message.headers)) console.log(`    ${name}: ${value}`)
    console.log(
      message.isErased ? '    Its body was erased with the customer whom it was about.' : `\n${message.body}`,
    )
    return 0
  })
}

// A page of a long replay: what it says, it says while it goes.
const pageSize = 100

/** `tallystick inbox replay`. Answers the exit code: 1 when one is flagged, failed, or not there. */
export function replayInbox(
  environment: Environment,
  messages: readonly string[],
  flags: FilterFlags,
): Promise<number> {
  const filter = filterOf(flags)
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  if (isFiltered === messages.length > 0) {
    console.error(
      'Name messages by their ids, or say which by --state, --type, --entity, --from, --until: one of the two.',
    )
    return Promise.resolve(1)
  }
  return withEngine(environment, async (engine) => {
    const counts = new Map<string, number>()
    const progress = progressLine(process.stderr)
    try {
      for await (const replayed of replayEach(engine, messages, filter)) {
        counts.set(replayed.outcome, (counts.get(replayed.outcome) ?? 0) + 1)
        progress.show(`Replaying: ${describeCounts(counts)}`)
        const { outcome, messageId, note } = replayed
        if (outcome !== 'processed' && outcome !== 'ignored') {
          progress.end()
          console.log(`${outcome.padEnd(9)}  ${messageId}${note === undefined ? '' : `  ${note}`}`)
        }
      }
    } finally {
      progress.end()
    }
    console.log(
      counts.size === 0 ? 'No message came that is as you say.' : `Replayed: ${describeCounts(counts)}.`,
    )
    return ['flagged', 'failed', 'not_found'].some((outcome) => counts.has(outcome)) ? 1 : 0
  })
}

async function* replayEach(
  { inbox }: Engine,
  messages: readonly string[],
  filter: Omit<ReplayPage, 'limit' | 'after'>,
): AsyncGenerator<ReplayedMessage> {
  if (messages.length > 0) {
    yield* await inbox.replay(messages)
    return
  }
  let after: ReplayPage['after']
  do {
    // oxlint-disable-next-line no-await-in-loop
    const page = await inbox.replayPage({ ...filter, limit: pageSize, after })
    yield* page.replayed
    after = page.next
  } while (after !== undefined)
}

function describeCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([outcome, count]) => `${count} ${outcome.replace('_', ' ')}`).join(', ')
}
