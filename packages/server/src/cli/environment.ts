import { join } from 'node:path'
import { z } from 'zod'
import { isLoopback } from '../http/loopback.ts'
import { Fault } from '../kernel/refusal.ts'
import { type DodoSettings, dodoSettingsFrom } from '../providers/dodo/dodo-settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type DatabaseSettings = { readonly url: string } | { readonly dataDir: string }

export interface Settings {
  readonly database: DatabaseSettings
  readonly host: string
  readonly port: number
  readonly configFile: string
  readonly apiKeys: readonly string[]
  /** Undefined where nothing is sold. */
  readonly dodo: DodoSettings | undefined
  readonly dev: boolean
  /** Whether nothing is refused for want of credits or for a limit. */
  readonly observe: boolean
  /** Wallets, in the background; 0 for none. */
  readonly verifyPerMinute: number
  /** 0 for never by itself. */
  readonly reconcileEveryMinutes: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

const databaseShape = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, {
      error: 'must start with postgres://, as in postgres://user:password@host:5432/name.',
    })
    .optional(),
  TALLYSTICK_DATA: z.string().optional(),
}

const shape = {
  ...databaseShape,
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce
    .number({ error: 'must be a number from 0 to 65535.' })
    .int({ error: 'must be a number from 0 to 65535.' })
    .min(0, { error: 'must be a number from 0 to 65535.' })
    .max(65_535, { error: 'must be a number from 0 to 65535.' })
    .default(4100),
  TALLYSTICK_CONFIG: z.string().default('tallystick.config.ts'),
  TALLYSTICK_API_KEY: z.string({
    error:
      'is missing: the secret keys that the server accepts, comma separated, tsk_test_… or tsk_live_…. `tallystick dev` makes one and writes it to .env.local.',
  }),
  TALLYSTICK_DEV: z.enum(['0', '1'], { error: 'must be 1 or 0.' }).optional(),
  TALLYSTICK_OBSERVE: z.enum(['0', '1'], { error: 'must be 1 or 0.' }).optional(),
  TALLYSTICK_VERIFY_PER_MINUTE: z.coerce
    .number({ error: 'must be a number of wallets, 0 for none.' })
    .int({ error: 'must be a number of wallets, 0 for none.' })
    .min(0, { error: 'must be a number of wallets, 0 for none.' })
    .default(1000),
  TALLYSTICK_RECONCILE_MINUTES: z.coerce
    .number({ error: 'must be a number of minutes, 0 for never.' })
    .int({ error: 'must be a number of minutes, 0 for never.' })
    .min(0, { error: 'must be a number of minutes, 0 for never.' })
    .max(1440, { error: 'must be at most 1440 minutes, which is a day.' })
    .default(10),
  TALLYSTICK_LOG: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], {
      error: 'must be debug, info, warn, error or silent.',
    })
    .default('info'),
}

/**
 * What `tallystick serve` is told by its environment.
 *
 * @throws Fault settings_wrong that names each variable and what to set it to
 */
export function readSettings(environment: Environment): Settings {
  const values = parse(shape, environment)
  const dev = values.TALLYSTICK_DEV === '1'
  const apiKeys = values.TALLYSTICK_API_KEY.split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  if (dev && apiKeys.some((key) => key.startsWith('tsk_live_')))
    throw settingsWrong([
      'TALLYSTICK_API_KEY has a live key, and development (TALLYSTICK_DEV=1, --dev) is for test keys.',
    ])
  if (dev && !isLoopback(values.HOST))
    throw settingsWrong([
      `HOST is ${values.HOST}, and development (TALLYSTICK_DEV=1, --dev) is for this machine alone: its routes under /dev ask for no key. Set HOST to 127.0.0.1, or leave development off.`,
    ])
  return {
    database: databaseFrom(values),
    host: values.HOST,
    port: values.PORT,
    configFile: values.TALLYSTICK_CONFIG,
    apiKeys,
    dodo: dodoSettingsFrom(environment),
    dev,
    observe: values.TALLYSTICK_OBSERVE === '1',
    verifyPerMinute: values.TALLYSTICK_VERIFY_PER_MINUTE,
    reconcileEveryMinutes: values.TALLYSTICK_RECONCILE_MINUTES,
    logLevel: values.TALLYSTICK_LOG,
  }
}

/** @throws Fault settings_wrong */
export function readDatabaseSettings(environment: Environment): DatabaseSettings {
  return databaseFrom(parse(databaseShape, environment))
}

function databaseFrom(values: {
  readonly DATABASE_URL?: string | undefined
  readonly TALLYSTICK_DATA?: string | undefined
}): DatabaseSettings {
  if (values.DATABASE_URL !== undefined) return { url: values.DATABASE_URL }
  if (values.TALLYSTICK_DATA !== undefined) return { dataDir: join(values.TALLYSTICK_DATA, 'db') }
  throw settingsWrong([
    'DATABASE_URL and TALLYSTICK_DATA are both missing: set the first for a Postgres, or the second to a folder for an embedded one.',
  ])
}

function parse<Shape extends z.ZodRawShape>(fields: Shape, environment: Environment) {
  // A variable that is set to nothing, as in `PORT=`, is not set.
  const set = Object.fromEntries(
    Object.keys(fields).flatMap((name) => {
      const value = environment[name]?.trim()
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
  const parsed = z.object(fields).safeParse(set)
  if (parsed.success) return parsed.data
  throw settingsWrong(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
}

function settingsWrong(problems: readonly string[]): Fault {
  return new Fault('settings_wrong', problems.join('\n'), { retryable: false })
}
