import { readFile } from 'node:fs/promises'
import { microsFromDecimal } from '../../shared/amounts.ts'
import { startJob } from '../jobs/start-job.ts'
import type { Enlarger } from '../pictures/enlarger.ts'
import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts, Finding } from './experiments.ts'
import { lakeSample } from './samples.ts'

/** A picture whose model gives up half-way: the credits were held, and come back. It appears on the visitor's easel. */
export async function failModel(parts: BreakParts, visitor: Visitor): Promise<Finding> {
  const action = 'image.standard'
  const before = await parts.credits.balance(visitor.customer)
  const { actions } = await parts.credits.prices()
  const price = actions.find((offer) => offer.action === action)?.credits ?? '0'
  const expected = `${price} held, the model throws, ${price} released: ${before.available} as before`
  if (microsFromDecimal(before.spendable) < microsFromDecimal(price)) {
    const happened = `Nothing: this needs ${price} to hold, and you have ${before.spendable}.`
    return { expected, happened, passed: false, details: ['Top up first.'] }
  }
  const png = new Uint8Array(await readFile(lakeSample))
  const faulty = { ...parts, enlarger: failingHalfWay(parts.enlarger) }
  const { ended } = await startJob(faulty, visitor, { action, name: 'Lake', png })
  const job = await ended
  const hold = job.hold === null ? null : await parts.credits.getHold(job.hold)
  const after = await parts.credits.balance(visitor.customer)
  return {
    expected,
    happened: `${hold?.credits ?? '0'} held, then ${hold?.state ?? 'no hold'}: ${after.available} credits`,
    passed: job.state === 'failed' && hold?.state === 'released' && after.available === before.available,
    details: [job.failure ?? ''].filter((line) => line !== ''),
  }
}

function failingHalfWay(enlarger: Enlarger): Enlarger {
  return {
    ...enlarger,
    async enlarge(input) {
      const halfWay = new AbortController()
      const signal = AbortSignal.any([halfWay.signal, ...(input.signal === undefined ? [] : [input.signal])])
      return enlarger.enlarge({
        ...input,
        signal,
        onTile(progress) {
          input.onTile?.(progress)
          const isHalfWay = progress.done * 2 >= progress.columns * progress.rows
          if (isHalfWay) halfWay.abort(new Error('the model ran out of light half-way (made to fail).'))
        },
      })
    },
  }
}
