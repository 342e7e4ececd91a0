import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino'

/** What the rest of the code sees of the logger. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Where lines go: standard error unless given. */
  readonly destination?: DestinationStream | undefined
}

export function createLogger(options: LoggerOptions): Log {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      // A second line of defence: nothing logs these on purpose.
      redact: ['authorization', '*.authorization', 'apiKey', '*.apiKey', 'webhookKey', '*.webhookKey'],
    },
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  )
}

interface DescribedError {
  readonly type: string
  readonly code?: string
  readonly message: string
  readonly stack?: string
  readonly cause?: DescribedError
}

/**
 * An error without its own fields but the code: those of drivers and of the provider's SDK carry rows, request headers and bodies.
 */
function describeError(thrown: unknown): DescribedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: String(thrown) }
  const { type } = stdSerializers.err(thrown)
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
  return {
    type,
    ...(code === undefined ? {} : { code }),
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(thrown.cause === undefined ? {} : { cause: describeError(thrown.cause) }),
  }
}
