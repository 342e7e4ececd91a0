import {
  type Hold,
  InsufficientCreditsError,
  type Receipt,
  TallystickUnavailableError,
} from '@tallystick/client'
import {
  type Job,
  type JobReceipt,
  type PictureAction,
  stoppedByVisitor,
  type Wall,
} from '../../shared/api.ts'
import type { Parts } from '../parts.ts'
import type { Enlarged, Enlarger } from '../pictures/enlarger.ts'
import type { ModelName } from '../pictures/models.ts'
import { writeWhole } from '../visitors/files.ts'
import type { Visitor } from '../visitors/visitor.ts'

export const modelOf: Record<PictureAction, ModelName> = { 'image.standard': 'small', 'image.hires': 'large' }

/** Ends a run on the visitor's word. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/**
 * Enlarges a picture against credits: they are held before the model runs, taken when the picture is on disk, and given
 * back when anything goes wrong in between. The job on the visitor's shelf tells how far it is, and how it ended.
 *
 * @param shelved when the picture is there; the run counts already while it is put there
 * @throws RunsAlready
 */
export async function developPicture(
  parts: Pick<Parts, 'credits' | 'enlarger'>,
  visitor: Visitor,
  id: string,
  shelved: Promise<void> = Promise.resolve(),
): Promise<Job> {
  const job = await visitor.run(id, async (stopped) => {
    await shelved
    return develop(parts, visitor, id, stopped)
  })
  if (job.state !== 'waiting') visitor.tell({ type: 'balance' })
  return job
}

async function develop(
  parts: Pick<Parts, 'credits' | 'enlarger'>,
  visitor: Visitor,
  id: string,
  stopped: AbortSignal,
): Promise<Partial<Job>> {
  const { customer } = visitor
  try {
    const job = await visitor.changeJob(id, { state: 'asking', wall: null, failure: null })
    // #region life:request
    const before = await visitor.readPicture(id, 'before')
    visitor.record('request', `${job.name}, ${job.action}`, { customer, action: job.action, ...job.before })
    // #endregion life:request

    // #region life:check life:hold
    const { action } = job
    const { result, receipt } = await parts.credits.withCredits(
      { customer, action, signal: stopped },
      async ({ hold, signal }) => {
        await credited(visitor, id, hold)
        const picture = await enlarge(parts.enlarger, visitor, job, before, signal)
        await writeWhole(visitor.picture(id, 'after'), picture.png)
        return picture
      },
    )
    // #endregion life:check life:hold

    // #region life:result
    const { width, height } = result
    const shown = await readableReceipt(parts, customer, receipt)
    visitor.record('result', `${receipt.used} used, ${receipt.balance.spendable} left`, receipt)
    return { state: 'done', after: { width, height }, receipt: shown }
    // #endregion life:result
  } catch (error) {
    return endWithout(visitor, id, error)
  }
}

async function credited(visitor: Visitor, id: string, hold: Hold): Promise<void> {
  visitor.record('check', `Enough: ${hold.credits} of what was there are set aside`, hold.balance)
  visitor.record('hold', `${hold.credits} held for ${hold.action ?? 'the call'}`, hold)
  // Written down before the model starts: after a kill this is how the studio knows what to give back.
  await visitor.changeJob(id, { state: 'developing', hold: hold.id })
  visitor.tell({ type: 'balance' })
}

function enlarge(
  enlarger: Enlarger,
  visitor: Visitor,
  job: Job,
  png: Uint8Array,
  signal: AbortSignal,
): Promise<Enlarged> {
  const onTile = (progress: Job['progress']) => {
    // Progress is for looking at: the model goes on when it cannot be told.
    visitor.changeJob(job.id, { progress }).catch(() => {})
  }
  return enlarger.enlarge({ png, model: modelOf[job.action], signal, onTile })
}

function endWithout(visitor: Visitor, id: string, error: unknown): Partial<Job> {
  // #region life:top-up
  if (error instanceof InsufficientCreditsError) {
    visitor.record('check', error.userMessage, error.problem)
    visitor.record('top-up', `${error.missing} missing: the picture waits`, error.problem)
    return { state: 'waiting', wall: wallOf(error) }
  }
  // #endregion life:top-up
  const why = error instanceof Error ? error.message : String(error)
  const failure = failureSentence(error, why)
  const hold = visitor.job(id)?.hold ?? null
  visitor.record(
    'result',
    hold === null ? 'Nothing held, nothing used' : 'Nothing used: the hold was released',
    { failure: why, hold, used: '0' },
  )
  return { state: 'failed', failure, progress: null }
}

function failureSentence(error: unknown, why: string): string {
  if (error instanceof Cancelled) return stoppedByVisitor
  if (error instanceof TallystickUnavailableError) return 'The credits server does not answer just now.'
  return `It went wrong: ${why}`
}

function wallOf(error: InsufficientCreditsError): Wall {
  const { required, spendable, missing, unit } = error
  return { required, spendable, missing, unit, pack: error.pack?.pack ?? null }
}

/** A receipt names lots by id; people know them by name, and the entries have both. */
export async function readableReceipt(
  parts: Pick<Parts, 'credits'>,
  customer: string,
  receipt: Receipt,
): Promise<JobReceipt> {
  const names = new Map<string, string>()
  try {
    const { data } = await parts.credits.entries(customer, { limit: 50 })
    for (const { lot, lot_name: name } of data) if (lot !== null && name !== null) names.set(lot, name)
  } catch {
    // The receipt is true without the names, and the picture must not wait for them.
  }
  return {
    hold: receipt.hold,
    held: receipt.held,
    used: receipt.used,
    left: receipt.balance.spendable,
    unit: receipt.unit,
    paid_from: receipt.paid_from.map(({ lot, credits }) => ({
      lot,
      credits,
      name: names.get(lot) ?? 'your credits',
    })),
    settled: receipt.settled,
  }
}
