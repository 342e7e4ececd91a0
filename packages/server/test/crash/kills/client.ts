/**
 * The process that asks: it writes down every key before it sends it, and every acknowledgement before it counts it. It is told where the server is,
 * and told again after each kill; what was not answered before is then asked again under its key.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { randomFrom } from '../random.ts'
import { Journal } from './journal.ts'
import { type Answer, type Intent, Load } from './load.ts'

export interface Where {
  readonly url: string
  readonly apiKey: string
}

export type Told =
  | ({ readonly type: 'go' } & Where)
  | { readonly type: 'pause' }
  /** Settle what is open, and ask nothing new. */
  | ({ readonly type: 'settle' } & Where)

export type Tells =
  | { readonly type: 'acknowledged'; readonly count: number }
  /** Nothing is on its way any more; these were sent and not answered. */
  | { readonly type: 'paused'; readonly unanswered: readonly string[] }

const [, , folder = '', seed = '0'] = process.argv
const parallel = 48

/** Now and then something that was acknowledged is asked again: the answer must be the same. */
const askAgainOneIn = 40
const rememberedMax = 500

/** A server that was killed says nothing more, but its socket does. */
const patienceMs = 20_000

/** Long enough for any server that is well again; the rest is reported as never answered. */
const settleTriesMax = 5

const random = randomFrom(Number(seed))
const load = new Load(random, randomUUID)
const intents = new Journal(join(folder, 'intents'))
const acknowledgements = new Journal(join(folder, 'acknowledged'))
const refusals = new Journal(join(folder, 'refused'))
const wrongs = new Journal(join(folder, 'wrong'))
const unanswered: Intent[] = []
const answered: { intent: Intent; text: string }[] = []
let acknowledged = 0
let going = new AbortController()

type Heard =
  | { readonly kind: 'success' | 'refusal' | 'wrong'; readonly text: string }
  | { readonly kind: 'nothing' }

async function send({ path, body, key }: Intent, { url, apiKey }: Where): Promise<Heard> {
  try {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    })
    const text = await response.text()
    if (response.ok) return { kind: 'success', text }
    if (response.status < 500) return { kind: 'refusal', text }
    return response.status === 503 ? { kind: 'nothing' } : { kind: 'wrong', text }
  } catch {
    return { kind: 'nothing' }
  }
}

/** Asks one thing. Whether it was answered. */
async function ask(intent: Intent, where: Where): Promise<boolean> {
  const heard = await send(intent, where)
  switch (heard.kind) {
    case 'success':
      await acknowledgements.append(load.learn(intent, JSON.parse(heard.text) as Answer))
      acknowledged += 1
      if (answered.length < rememberedMax) answered.push({ intent, text: heard.text })
      else answered[random.below(rememberedMax)] = { intent, text: heard.text }
      process.send?.({ type: 'acknowledged', count: acknowledged } satisfies Tells)
      return true
    case 'refusal':
      await refusals.append({ key: intent.key, text: heard.text })
      return true
    case 'wrong':
      await wrongs.append({ ...intent, text: heard.text })
      unanswered.push(intent)
      return false
    case 'nothing':
      unanswered.push(intent)
      return false
  }
}

async function askAgain(where: Where): Promise<boolean> {
  const { intent, text } = random.oneOf(answered)
  const heard = await send(intent, where)
  if (heard.kind === 'nothing') return false
  if (heard.kind !== 'success' || heard.text !== text)
    await wrongs.append({ ...intent, text: `first ${text}, then ${heard.text}` })
  return true
}

async function keepAsking(where: Where): Promise<void> {
  const { signal } = going
  while (!signal.aborted) {
    if (answered.length > 0 && random.chance(askAgainOneIn)) {
      if (!(await askAgain(where))) return
      continue
    }
    const intent = load.next()
    await intents.append(intent)
    // One who hears nothing waits to be told that the server is back.
    if (!(await ask(intent, where))) return
  }
}

async function settle(where: Where): Promise<void> {
  for (let tries = 0; tries < settleTriesMax && unanswered.length > 0; tries += 1)
    await Promise.all(unanswered.splice(0).map((intent) => ask(intent, where)))
}

let running: Promise<unknown> = Promise.resolve()

async function paused(): Promise<void> {
  going.abort()
  await running
  process.send?.({ type: 'paused', unanswered: unanswered.map(({ key }) => key) } satisfies Tells)
}

process.on('message', (told: Told) => {
  switch (told.type) {
    case 'go':
      going = new AbortController()
      running = settle(told).then(() => Promise.all(Array.from({ length: parallel }, () => keepAsking(told))))
      return
    case 'settle':
      running = settle(told)
      void paused()
      return
    case 'pause':
      void paused()
  }
})
