import type { Parts } from '../parts.ts'
import type { Visitor } from '../visitors/visitor.ts'
import { developPicture } from './develop-picture.ts'

interface Resuming {
  ended: Promise<void>
  askedAgain: boolean
}

const underWay = new WeakMap<Visitor, Resuming>()

/**
 * Runs the pictures that waited for credits, oldest first; each may find the wall again. A visitor's pictures are gone
 * through once at a time: who asks meanwhile has them gone through once more, for their credits may have come after a
 * picture found too few.
 */
export function resumeWaiting(parts: Pick<Parts, 'credits' | 'enlarger'>, visitor: Visitor): Promise<void> {
  const other = underWay.get(visitor)
  if (other !== undefined) {
    other.askedAgain = true
    return other.ended
  }
  const resuming: Resuming = { ended: Promise.resolve(), askedAgain: true }
  underWay.set(visitor, resuming)
  resuming.ended = resume(parts, visitor, resuming)
  return resuming.ended
}

async function resume(
  parts: Pick<Parts, 'credits' | 'enlarger'>,
  visitor: Visitor,
  resuming: Resuming,
): Promise<void> {
  try {
    while (resuming.askedAgain) {
      resuming.askedAgain = false
      const oldestFirst = visitor.jobs.map(({ id }) => id).reverse()
      for (const id of oldestFirst) {
        // Asked for each anew: the one before took its time, and this one may be made or gone by now.
        if (visitor.job(id)?.state !== 'waiting' || visitor.isRunning(id)) continue
        // One after the other: the first in the queue is the first to be paid for.
        // oxlint-disable-next-line no-await-in-loop
        await developPicture(parts, visitor, id)
      }
    }
  } finally {
    // In the same moment as the last look at `askedAgain`: nobody joins what has ended.
    underWay.delete(visitor)
  }
}
