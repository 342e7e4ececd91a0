import { creditsText, microsFromDecimal, readable } from '../shared/amounts.ts'
import {
  type BalanceWithLots,
  type Job,
  type JobReceipt,
  type Prices,
  stoppedByVisitor,
  type Wall,
} from '../shared/api.ts'

/** Below this the bar turns amber: four pictures of the large model. */
const lowCredits = '20'

export function isLow(spendable: string): boolean {
  return microsFromDecimal(spendable) < microsFromDecimal(lowCredits)
}

/** "This needs 5, you have 3. Top up and we carry on." */
export function wallSentence(wall: Pick<Wall, 'required' | 'spendable'>): string {
  return `This needs ${readable(wall.required)}, you have ${readable(wall.spendable)}. Top up and we carry on.`
}

/** "Held 5 · used 5 · 45 left · paid from Welcome gift" */
export function receiptSentence(receipt: JobReceipt): string {
  const lots = [...new Set(receipt.paid_from.map((part) => part.name))]
  const from = lots.length === 0 ? [] : [`paid from ${listed(lots)}`]
  const { held, used, left } = receipt
  return [`Held ${readable(held)}`, `used ${readable(used)}`, `${readable(left)} left`, ...from].join(' · ')
}

/** "50 credits · welcome gift": how much there is, and where it came from. */
export function balanceSentence(balance: BalanceWithLots): { amount: string; source: string } {
  const amount = creditsText(balance.spendable)
  const sources = balance.lots
    .filter((lot) => microsFromDecimal(lot.available) > 0n)
    .map((lot) => (lot.source === 'purchase' ? lot.name : lowerFirst(lot.name)))
  return { amount, source: listed([...new Set(sources)]) }
}

/** What is left, in pictures: "18 left: 18 pictures at 2×, or 3 at 4×." */
export function leftInPictures(spendable: string, prices: Prices): string {
  const counts = picturesLeft(spendable, prices)
  const [small, large] = counts
  if (small === undefined || counts.every(({ count }) => count === 0n)) {
    return `${readable(spendable)} left: not enough for a picture.`
  }
  const first = `${small.count} ${small.count === 1n ? 'picture' : 'pictures'} at ${small.label}`
  const second =
    large === undefined
      ? ''
      : large.count === 0n
        ? `, none at ${large.label}`
        : `, or ${large.count} at ${large.label}`
  return `${readable(spendable)} left: ${first}${second}.`
}

function picturesLeft(spendable: string, prices: Prices): { label: string; count: bigint }[] {
  const left = microsFromDecimal(spendable)
  return ['image.standard', 'image.hires'].flatMap((name) => {
    const action = prices.actions.find((offer) => offer.action === name)
    const price = microsFromDecimal(action?.credits ?? '0')
    if (action === undefined || price === 0n) return []
    return [{ label: /\d+×/.exec(action.name)?.[0] ?? action.name, count: left / price }]
  })
}

/** What a screen reader is told of a picture on its way; every quarter of it, not every tile. */
export function progressSentence(job: Job): string {
  switch (job.state) {
    case 'asking':
      return 'Asking for credits.'
    case 'waiting':
      return job.wall === null ? '' : wallSentence(job.wall)
    case 'developing': {
      if (job.progress === null) return 'Developing.'
      const quarter = Math.floor((job.progress.done / (job.progress.columns * job.progress.rows)) * 4)
      return quarter === 0 ? 'Developing.' : `Developing, ${quarter * 25} per cent.`
    }
    case 'done':
      return job.receipt === null ? 'Done.' : `Done. ${receiptSentence(job.receipt)}.`
    case 'failed':
      return `${job.failure ?? 'It went wrong.'} You were charged nothing.`
  }
}

/** How a picture is, in one word; what its visitor stopped did not fail. */
export function stateWord({ state, failure }: Pick<Job, 'state' | 'failure'>): string {
  return state === 'failed' && failure === stoppedByVisitor ? 'stopped' : state
}

function listed(names: string[]): string {
  const last = names.at(-1)
  if (last === undefined) return ''
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
