import type { Job, PictureAction } from '../../shared/api.ts'
import type { Parts } from '../parts.ts'
import { models } from '../pictures/models.ts'
import { pictureSize } from '../pictures/picture-size.ts'
import type { Visitor } from '../visitors/visitor.ts'
import { developPicture, modelOf } from './develop-picture.ts'

// One picture of each kind and one more: enough for a person, and it keeps one visitor from taking the whole machine.
const runningMax = 3

export class NotAPicture extends Error {
  override readonly name = 'NotAPicture'
}

export class TooManyAtOnce extends Error {
  override readonly name = 'TooManyAtOnce'
}

interface StartJob {
  action: PictureAction
  name: string
  png: Uint8Array
}

/**
 * Puts a picture on the visitor's shelf and sets it going; the job that is returned has only begun.
 *
 * @throws NotAPicture when the bytes are no PNG, or one larger than the model takes
 * @throws TooManyAtOnce
 */
export async function startJob(
  parts: Pick<Parts, 'credits' | 'enlarger' | 'now' | 'randomBytes'>,
  visitor: Visitor,
  input: StartJob,
): Promise<{ job: Job; ended: Promise<Job> }> {
  if (visitor.running >= runningMax) throw new TooManyAtOnce(`${runningMax} pictures are being made already.`)
  const job: Job = {
    id: `pic_${Buffer.from(parts.randomBytes(10)).toString('hex')}`,
    action: input.action,
    name: input.name,
    state: 'asking',
    created_at: parts.now().toISOString(),
    before: sizeFor(input),
    after: null,
    progress: null,
    hold: null,
    receipt: null,
    wall: null,
    failure: null,
  }
  // Nothing is waited for between the count above and this call, from which the run is counted.
  const shelved = shelve(visitor, job, input.png)
  const ended = developPicture(parts, visitor, job.id, shelved)
  // A picture that cannot be shelved ends its run too, and that is told here and once.
  await Promise.race([shelved, ended])
  return { job, ended }
}

async function shelve(visitor: Visitor, job: Job, png: Uint8Array): Promise<void> {
  // A new wish takes the place of one that still waits for credits.
  const waiting = visitor.jobs.filter((other) => other.state === 'waiting' && !visitor.isRunning(other.id))
  await Promise.all(waiting.map((other) => visitor.removeJob(other.id)))
  await visitor.addJob(job, png)
}

function sizeFor(input: StartJob): { width: number; height: number } {
  const model = models[modelOf[input.action]]
  try {
    const size = pictureSize(input.png)
    if (size.width * size.height <= model.pixelsMax) return size
  } catch (error) {
    throw new NotAPicture(error instanceof Error ? error.message : String(error))
  }
  throw new NotAPicture(`The picture may have at most ${model.pixelsMax} pixels.`)
}
