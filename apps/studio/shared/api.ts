/** What the studio's own server tells its pages. */
import type { BalanceWithLots, Order, Prices } from '@tallystick/client'

export type { BalanceWithLots, Order, Prices }

/** The actions of the catalog that the studio has a model for. */
export const pictureActions = ['image.standard', 'image.hires'] as const
export type PictureAction = (typeof pictureActions)[number]

export interface Me {
  customer: string
  balance: BalanceWithLots
  /** Whether this studio runs under `tallystick dev`, where things may be broken on purpose. */
  dev: boolean
}

/**
 * One picture to be enlarged. `asking` until the credits are held, `waiting` when there were too few, `developing` while
 * the model works, and then `done` or `failed`, for good.
 */
export interface Job {
  id: string
  action: PictureAction
  name: string
  state: 'asking' | 'waiting' | 'developing' | 'done' | 'failed'
  created_at: string
  before: { width: number; height: number }
  after: { width: number; height: number } | null
  progress: { columns: number; rows: number; done: number } | null
  hold: string | null
  receipt: JobReceipt | null
  wall: Wall | null
  failure: string | null
}

/** The failure of a picture that its visitor stopped. */
export const stoppedByVisitor = 'You stopped it.'

export interface JobReceipt {
  hold: string
  held: string
  used: string
  left: string
  unit: string
  paid_from: { lot: string; name: string; credits: string }[]
  /** False while the credits could not be taken yet; the client goes on trying. */
  settled: boolean
}

/** Why a job waits: the facts of the refusal. */
export interface Wall {
  required: string
  spendable: string
  missing: string
  unit: string
  pack: string | null
}

/** One line of the history: what came in, and what was spent. */
export interface HistoryLine {
  id: string
  at: string
  kind: 'bought' | 'given' | 'spent' | 'expired' | 'revoked'
  title: string
  credits: string
  lots: string[]
  order: string | null
  price: { amount_minor: number; currency: string } | null
}

/** The stations in the life of a credit, in its order. */
export const lifeNodes = [
  'buy',
  'session',
  'payment',
  'webhook',
  'balance',
  'request',
  'check',
  'top-up',
  'hold',
  'result',
] as const
export type LifeNode = (typeof lifeNodes)[number]

/** Something that happened to this customer's credits, with what was seen of it. */
export interface LifeEvent {
  id: string
  at: string
  node: LifeNode
  title: string
  /** What the server answered or sent, as it came. */
  facts: unknown
  /** Bytes as they came over the wire; only the webhook has them. */
  raw?: { headers: Record<string, string>; body: string }
}

/** Lines of the studio's own source that stand at a node. */
export interface CodeExcerpt {
  file: string
  line: number
  text: string
}

export const experiments = ['fire', 'replay', 'forge', 'fail', 'kill'] as const
export type Experiment = (typeof experiments)[number]

export interface ExperimentReport {
  experiment: Experiment
  expected: string
  happened: string
  passed: boolean
  details: string[]
  verification: { entries: number; differences: number } | null
}

/** What the stream of events carries; a page that was away asks for everything again. */
export type StudioEvent =
  | { type: 'job'; job: Job }
  | { type: 'removed'; id: string }
  | { type: 'order'; order: Order }
  | { type: 'life'; event: LifeEvent }
  | { type: 'balance' }
  | { type: 'server'; reachable: boolean }
