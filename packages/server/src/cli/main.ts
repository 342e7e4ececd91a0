/** The command `tallystick`: each command is a file beside this one; here is how a person types it. */
import { Command } from 'commander'
import { catalogCommand } from './catalog.ts'
import { customerCommand } from './customer.ts'
import { devCommand } from './dev.ts'
import type { Environment } from './environment.ts'
import { importCommand } from './import.ts'
import { inboxCommand } from './inbox.ts'
import { paymentsCommand } from './payments.ts'
import { reconcileCommand } from './reconcile.ts'
import { refundCommand } from './refund.ts'
import { serve } from './serve.ts'
import { verifyCommand } from './verify.ts'

interface ServeFlags {
  data?: string
  config?: string
  port?: string
  host?: string
  dev?: boolean
}

/** Flags are another way to set the environment, for this one run. */
function environmentWith({ data, config, port, host, dev }: ServeFlags): Environment {
  return {
    ...process.env,
    // Whoever names a folder means the embedded database, whatever DATABASE_URL stands in the shell.
    ...(data !== undefined && { TALLYSTICK_DATA: data, DATABASE_URL: undefined }),
    ...(config !== undefined && { TALLYSTICK_CONFIG: config }),
    ...(port !== undefined && { PORT: port }),
    ...(host !== undefined && { HOST: host }),
    ...(dev === true && { TALLYSTICK_DEV: '1' }),
  }
}

// A reader that went away (`tallystick dev | head`) is no reason to stop.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

await new Command('tallystick')
  .description('Self-hosted credits billing for AI apps.')
  .addCommand(devCommand())
  .addCommand(
    new Command('serve')
      .description('run the server; its settings are environment variables, some also flags')
      .option('--data <folder>', 'keep everything in the embedded database of this folder (TALLYSTICK_DATA)')
      .option('--config <file>', 'the catalog (TALLYSTICK_CONFIG, tallystick.config.ts)')
      .option('--port <port>', 'PORT, 4100')
      .option('--host <address>', 'HOST, 127.0.0.1')
      .option(
        '--dev',
        'reload the catalog when it is saved, and allow what only development may (TALLYSTICK_DEV=1)',
      )
      .action(async (flags: ServeFlags) => {
        process.exitCode = await serve(environmentWith(flags))
      }),
  )
  .addCommand(importCommand(environmentWith))
  .addCommand(catalogCommand(environmentWith))
  .addCommand(reconcileCommand(environmentWith))
  .addCommand(inboxCommand(environmentWith))
  .addCommand(paymentsCommand(environmentWith))
  .addCommand(customerCommand(environmentWith))
  .addCommand(refundCommand(environmentWith))
  .addCommand(
    new Command('verify')
      .description('recompute everything that is stored twice, and name each difference')
      .option('--data <folder>', 'the folder of the embedded database (TALLYSTICK_DATA)')
      .action(async (flags: ServeFlags) => {
        process.exitCode = await verifyCommand(environmentWith(flags))
      }),
  )
  .parseAsync()
