import { stat } from 'node:fs/promises'
import { type Hold, TallystickError } from '@tallystick/client'
import type { Job } from '../../shared/api.ts'
import type { Parts } from '../parts.ts'
import { models } from '../pictures/models.ts'
import type { Visitor } from '../visitors/visitor.ts'
import { modelOf, readableReceipt } from './develop-picture.ts'

/**
 * Ends what a kill interrupted. A picture that was on disk already is paid for, from the hold if that still stands; any
 * other hold is given back. Without this the holds would lapse by themselves, a few minutes later.
 */
export async function recoverJobs(parts: Pick<Parts, 'credits' | 'log'>, visitor: Visitor): Promise<void> {
  const interrupted = visitor.jobs.filter((job) => job.state === 'asking' || job.state === 'developing')
  for (const job of interrupted) {
    // One after the other: they are few, and the server may be starting too.
    // oxlint-disable-next-line no-await-in-loop
    await recover(parts, visitor, job).catch((error: unknown) => {
      parts.log(`could not end ${job.id} of ${visitor.customer}: ${String(error)}`)
    })
  }
}

async function recover(parts: Pick<Parts, 'credits'>, visitor: Visitor, job: Job): Promise<void> {
  const interrupted = 'The studio was stopped while it worked.'
  if (job.hold === null) {
    await visitor.changeJob(job.id, { state: 'failed', failure: interrupted, progress: null })
    return
  }
  const isOnDisk = await stat(visitor.picture(job.id, 'after')).then(
    () => true,
    () => false,
  )
  const hold = await endHold(parts, job.hold, isOnDisk ? 'capture' : 'release')
  if (hold.state === 'captured') {
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
    await visitor.changeJob(job.id, { state: 'done', after, receipt, progress: null })
    return
  }
  await visitor.changeJob(job.id, { state: 'failed', failure: interrupted, progress: null })
  visitor.record(
    'result',
    `Nothing used: the hold ${hold.state === 'lapsed' ? 'lapsed' : 'was released'}`,
    hold,
  )
}

async function endHold(parts: Pick<Parts, 'credits'>, id: string, how: 'capture' | 'release'): Promise<Hold> {
  try {
    return await (how === 'capture' ? parts.credits.capture(id) : parts.credits.release(id))
  } catch (error) {
    if (error instanceof TallystickError && error.code === 'hold_already_ended')
      return parts.credits.getHold(id)
    throw error
  }
}
