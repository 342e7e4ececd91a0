import type { FaultRule } from '../faults/fault.ts'
import type { Behaviour } from './behaviour.ts'
import type { RandomBytes } from './ids.ts'

/** Where a line about one event goes: its facts, then what happened. A pino logger fits. */
export interface SandboxLog {
  info: (facts: Record<string, unknown>, message: string) => void
  error: (facts: Record<string, unknown>, message: string) => void
}

/** A webhook endpoint that exists from the start, beside those made through the API. */
export interface StartUpWebhook {
  url: string
  /** `whsec_…` and padded base64. Left out, one is made at the first start and kept with the state. */
  secret?: string
}

/** How many requests with the key the API takes. */
export interface RateLimit {
  perSecond: number
  perMinute: number
}

export interface DodoSandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number
  /** The address to listen on. Default `127.0.0.1`: nobody else on the network needs a sandbox. */
  host?: string
  /** The SQLite file that keeps everything. Left out, everything lives in memory and ends with the process. */
  stateFile?: string
  /** The bearer key to accept. Left out, one is made at the first start and kept with the state. */
  apiKey?: string
  /** The n-th entry keeps its identity over restarts, so a moved server gets what was still undelivered. */
  webhooks?: readonly StartUpWebhook[]
  /** Where customers' browsers reach the pages; default is where this server listens. */
  checkoutOrigin?: string
  /** The wait before each attempt of a delivery; the first is the delivery itself. Default is Dodo's schedule. */
  retryScheduleMs?: readonly number[]
  /** How long an endpoint may take to answer. Default is Dodo's 15 seconds. */
  webhookTimeoutMs?: number
  /** Faults in force from the start, in the place of those given at the start before. */
  faults?: readonly FaultRule[]
  /** A whole number below 2³², from which the draws of these faults come. Left out, one is drawn. */
  faultSeed?: number
  /** Refuses what is more. Left out, nothing is refused, and the headers count against Dodo's 240 a minute. */
  rateLimit?: RateLimit
  /** What to do where Dodo documents nothing, or two things. */
  behaviour?: Partial<Behaviour>
  now?: () => Date
  random?: RandomBytes
  fetch?: typeof globalThis.fetch
  log?: SandboxLog
}

// Dodo's documented schedule: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h after the failure before.
export const dodoRetryScheduleMs: readonly number[] = [
  0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000,
]

export const dodoWebhookTimeoutMs = 15_000
