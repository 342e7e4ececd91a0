import { Command, InvalidArgumentError } from 'commander'
import type { RunCommand } from './dev/plan-children.ts'
import { DevError, runDev } from './dev/run-dev.ts'

interface DevFlags {
  data: string
  config: string
  open?: boolean
  envFile: boolean
  run: RunCommand[]
}

/** `tallystick dev`: server and local Dodo on this machine, and the app beside them. */
export function devCommand(): Command {
  return new Command('dev')
    .description('run the server and a local Dodo on this machine, with test keys and test cards')
    .option('--data <folder>', 'where everything is kept', '.tallystick')
    .option('--config <file>', 'the catalog', 'tallystick.config.ts')
    .option(
      '--run <name=command>',
      'also run this, with PORT and TALLYSTICK_URL set (may be repeated)',
      collectRun,
      [],
    )
    .option('--open', 'open the first address in a browser (the default with --run at a terminal)')
    .option('--no-open', 'never open a browser')
    .option('--no-env-file', 'do not write TALLYSTICK_URL and TALLYSTICK_API_KEY to .env.local')
    .action(async (flags: DevFlags) => {
      try {
        await runDev({
          data: flags.data,
          config: flags.config,
          commands: flags.run,
          open: flags.open,
          envFile: flags.envFile,
        })
        process.exit(0)
      } catch (error) {
        if (!(error instanceof DevError)) throw error
        console.error(error.message)
        process.exit(1)
      }
    })
}

const reservedNames = ['server', 'dodo']

function collectRun(text: string, before: readonly RunCommand[]): RunCommand[] {
  const [, name, command] = /^([a-z][a-z0-9-]*)=(.+)$/s.exec(text) ?? []
  if (name === undefined || command === undefined)
    throw new InvalidArgumentError('It is written name=command, for example --run "app=npm run dev".')
  if (reservedNames.includes(name) || before.some((run) => run.name === name))
    throw new InvalidArgumentError(`The name ${name} is taken.`)
  return [...before, { name, command }]
}
