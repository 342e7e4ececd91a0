import { Command, InvalidArgumentError } from 'commander'
import type { Block, ShownCustomer } from '../customers/customer.ts'
import { customerNotFound } from '../customers/errors.ts'
import type { Engine } from '../engine.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { Environment } from './environment.ts'
import { withEngine } from './open-engine.ts'
import { type PlaceFlags, placed } from './placed.ts'

interface DecideFlags extends PlaceFlags {
  reason: string
  actor?: string
}

export function customerCommand(environmentWith: (flags: PlaceFlags) => Environment): Command {
  return new Command('customer')
    .description('who a customer is, and whether they can buy')
    .addCommand(
      command('show', 'e-mail, name, and whether they can buy').action(
        async (customer: string, flags: PlaceFlags) => {
          process.exitCode = await tell(environmentWith(flags), customer, ({ customers }) =>
            customers.show(customer),
          )
        },
      ),
    )
    .addCommand(
      deciding('block', 'let them buy nothing more; what they have they may spend').action(
        async (customer: string, flags: DecideFlags) => {
          const environment = environmentWith(flags)
          process.exitCode = await tell(environment, customer, ({ customers }) =>
            customers.block({ customer, ...decisionOf(flags, environment) }),
          )
        },
      ),
    )
    .addCommand(
      deciding(
        'unblock',
        'let them buy again, whatever is known of their disputes; a later dispute blocks anew',
      ).action(async (customer: string, flags: DecideFlags) => {
        const environment = environmentWith(flags)
        process.exitCode = await tell(environment, customer, ({ customers }) =>
          customers.unblock({ customer, ...decisionOf(flags, environment) }),
        )
      }),
    )
}

function command(name: string, description: string): Command {
  return placed(new Command(name))
    .description(description)
    .argument('<customer>', "the app's own id of the customer")
}

function deciding(name: string, description: string): Command {
  return command(name, description)
    .requiredOption('--reason <text>', 'kept with the decision', parseReason)
    .option('--actor <who>', 'who decides, kept with the decision (the user of this shell)')
}

/** @throws InvalidArgumentError */
export function parseReason(written: string): string {
  if (written.trim() !== '') return written
  throw new InvalidArgumentError('Say why: whoever looks at it later wants to know.')
}

function decisionOf({ reason, actor }: DecideFlags, environment: Environment) {
  return { reason, actor: actor ?? environment['USER'] ?? 'tallystick customer' }
}

/** `tallystick customer`: the customer as they are then. Answers the exit code: 1 when nobody has this id. */
function tell(
  environment: Environment,
  customer: string,
  change: (engine: Engine) => Promise<ShownCustomer>,
): Promise<number> {
  return withEngine(environment, async (engine) => {
    try {
      console.log(describe(await change(engine), engine.mode))
      return 0
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== customerNotFound.definition.code) throw error
      console.error(
        `There is no customer ${customer} in ${engine.mode} mode. ${customerNotFound.definition.help}`,
      )
      return 1
    }
  })
}

function describe({ id, email, name, createdAt, erasedAt, block }: ShownCustomer, mode: string): string {
  return [
    `${id}, ${mode} mode, first heard of ${createdAt.toISOString()}`,
    `  e-mail  ${email ?? '-'}`,
    `  name    ${name ?? '-'}`,
    ...(erasedAt === undefined ? [] : [`  erased  ${erasedAt.toISOString()}`]),
    `  ${block === undefined ? 'Can buy.' : whyNot(block)}`,
  ].join('\n')
}

function whyNot({ actor, dispute, reason, since }: Block): string {
  const by = dispute === undefined ? `by ${actor}` : `by the dispute ${dispute}`
  return `Cannot buy: blocked ${by} since ${since.toISOString()}. ${reason}`
}
