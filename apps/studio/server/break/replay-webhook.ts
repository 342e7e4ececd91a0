import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts, Finding } from './experiments.ts'
import { deliver, lastWebhook, repeated } from './inbox.ts'

const times = 5

/** The last webhook of this visitor, five times at once: the pack was paid for once, and is granted once. */
export async function replayWebhook(parts: BreakParts, visitor: Visitor): Promise<Finding> {
  const expected = `${times} times 200, and the balance as it was`
  const last = lastWebhook(visitor)
  if (last === null) {
    const happened = 'Nothing was sent: no webhook of yours has come yet. Buy a pack with a test card first.'
    return { expected, happened, passed: false, details: [] }
  }
  const before = await parts.credits.balance(visitor.customer)
  const webhook = repeated(parts, last)
  const answers = await Promise.all(Array.from({ length: times }, () => deliver(parts, webhook)))
  const after = await parts.credits.balance(visitor.customer)
  const statuses = answers.map((answer) => answer.status)
  const isSame = before.available === after.available && before.lots.length === after.lots.length
  return {
    expected,
    happened: `${statuses.join(', ')}; ${before.available} credits before, ${after.available} after`,
    passed: statuses.every((status) => status === 200) && isSame,
    details: [
      `${last.event_type}, ${last.headers['webhook-id'] ?? ''}, ${Buffer.byteLength(last.body)} bytes`,
      webhook === last
        ? 'Sent byte for byte as it came.'
        : 'Signed anew, as the provider does when it repeats an old one.',
    ],
  }
}
