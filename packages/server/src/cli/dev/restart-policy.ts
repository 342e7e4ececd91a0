export interface Death {
  readonly atMs: number
  /** How long it had lived. */
  readonly livedMs: number
  /** Whether this process had answered before it died. */
  readonly answered: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface DeathContext {
  /** Oldest first, the one in question last. */
  readonly deaths: readonly Death[]
  /** Whether the child has answered since `tallystick dev` started, in this life or an earlier one. */
  readonly hasEverAnswered: boolean
  /** A service must run; a command may also end by itself when it has done its work. */
  readonly kind: 'service' | 'command'
}

export type Verdict =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'give-up'; readonly why: string }

/** Deaths older than this are forgotten. */
const memoryMs = 60_000
/** The first restart is at once, so that a killed server is back before a caller's retries run out. */
const backOffMs = [0, 250, 500, 1_000, 2_000, 4_000]
/** A person who tries to break it kills often; a broken program dies before it answers. */
const unansweredMax = 4
const deathsMax = 30

/** Decides what follows a death that nobody asked for. */
export function afterDeath({ deaths, hasEverAnswered, kind }: DeathContext): Verdict {
  const last = deaths.at(-1)
  if (last === undefined) return { kind: 'restart', afterMs: 0 }
  if (kind === 'command' && last.code === 0) return { kind: 'finished' }
  // An exit of its own accord before it ever answered is a mistake in what it was given: again would be the same.
  if (!hasEverAnswered && last.signal === null) return { kind: 'give-up', why: 'it ended before it answered' }

  const recent = deaths.filter((death) => death.atMs > last.atMs - memoryMs)
  const firstAnswered = recent.findLastIndex((death) => death.answered)
  const unanswered = recent.length - 1 - firstAnswered
  if (unanswered >= unansweredMax)
    return { kind: 'give-up', why: `it died ${unanswered} times without answering` }
  if (recent.length >= deathsMax)
    return { kind: 'give-up', why: `it died ${recent.length} times within a minute` }
  // One that had answered comes back quickly however often it is killed; only a loop of failed starts is slowed down.
  const waits = last.answered ? Math.max(0, recent.length - 10) : unanswered
  return { kind: 'restart', afterMs: backOffMs[Math.min(waits, backOffMs.length - 1)] ?? 0 }
}
