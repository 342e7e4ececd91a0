import { stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type Hold, TallystickError } from '@tallystick/client'
import { type Job, stoppedByVisitor } from '../../shared/api.ts'
import type { Parts } from '../parts.ts'
import { models } from '../pictures/models.ts'
import type { Visitor } from '../visitors/visitor.ts'
import { modelOf, readableReceipt } from './develop-picture.ts'

const firstWaitMs = 250
const longestWaitMs = 30_000
const interrupted: Partial<Job> = {
  state: 'failed',
  failure: 'The studio was stopped while it worked.',
  progress: null,
}

/**
 * Ends what a kill interrupted. A picture that was on disk already is paid for, from the hold if that still stands; any
 * other hold is given back. Without this the holds would lapse by themselves, a few minutes later.
 *
 * What is running is let alone, and what was interrupted counts as running from this call on. A credits server that does
 * not answer is asked again until it does, the visitor stops the picture, or `closing` aborts.
 */
export async function recoverJobs(
  parts: Pick<Parts, 'credits' | 'log'>,
  visitor: Visitor,
  closing: AbortSignal,
): Promise<void> {
  const unfinished = visitor.jobs.filter(
    ({ id, state }) => (state === 'asking' || state === 'developing') && !visitor.isRunning(id),
  )
  await Promise.all(
    unfinished.map(async (job) => {
      try {
        await visitor.run(job.id, (stopped) => recover(parts, visitor, job, { stopped, closing }))
        visitor.tell({ type: 'balance' })
      } catch (error) {
        // A studio that ends leaves the job to the next one.
        if (!closing.aborted) parts.log(`could not end ${job.id} of ${visitor.customer}: ${String(error)}`)
      }
    }),
  )
}

async function recover(
  parts: Pick<Parts, 'credits' | 'log'>,
  visitor: Visitor,
  job: Job,
  signals: { stopped: AbortSignal; closing: AbortSignal },
): Promise<Partial<Job>> {
  const { hold } = job
  if (hold === null) return interrupted
  const signal = AbortSignal.any([signals.stopped, signals.closing])
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      // Waiting for the credits server is what this loop is for.
      // oxlint-disable-next-line no-await-in-loop
      return await settle(parts, visitor, { ...job, hold }, signal)
    } catch (error) {
      if (!signal.aborted) parts.log(`hold ${hold} of ${job.id} is still open: ${String(error)}`)
    }
    // oxlint-disable-next-line no-await-in-loop
    await pause(waitMs, undefined, { signal, ref: false }).catch(() => {})
    // The hold lapses by itself.
    if (signals.stopped.aborted) return { ...interrupted, failure: stoppedByVisitor }
    signals.closing.throwIfAborted()
  }
}

async function settle(
  parts: Pick<Parts, 'credits'>,
  visitor: Visitor,
  job: Job & { hold: string },
  signal: AbortSignal,
): Promise<Partial<Job>> {
  const isOnDisk = await stat(visitor.picture(job.id, 'after')).then(
    () => true,
    () => false,
  )
  const hold = await endHold(parts, job.hold, isOnDisk ? 'capture' : 'release', signal)
  if (hold?.state === 'captured') {
    const { scale } = models[modelOf[job.action]]
    const receipt = await readableReceipt(parts, visitor.customer, {
      hold: hold.id,
      held: hold.credits,
      used: hold.captured,
      unit: hold.unit,
      paid_from: hold.paid_from,
      balance: hold.balance,
      settled: true,
    })
    const after = { width: job.before.width * scale, height: job.before.height * scale }
    return { state: 'done', after, receipt, progress: null }
  }
  const how = hold?.state === 'released' ? 'was released' : 'lapsed'
  visitor.record('result', `Nothing used: the hold ${how}`, hold)
  return interrupted
}

/** The hold as it ended; null when the server knows none of that id, as after its data were deleted. */
async function endHold(
  parts: Pick<Parts, 'credits'>,
  id: string,
  how: 'capture' | 'release',
  signal: AbortSignal,
): Promise<Hold | null> {
  const { credits } = parts
  try {
    return await (how === 'capture' ? credits.capture(id, {}, { signal }) : credits.release(id, { signal }))
  } catch (error) {
    if (!(error instanceof TallystickError)) throw error
    if (error.code === 'hold_already_ended') return credits.getHold(id, { signal })
    if (error.status === 404) return null
    throw error
  }
}
