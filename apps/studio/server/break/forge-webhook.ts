import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts, Finding } from './experiments.ts'
import { deliver, lastWebhook, repeated, signed } from './inbox.ts'

/** Two forgeries: a message signed with a wrong secret, and a true one whose body was changed on the way. */
export async function forgeWebhook(parts: BreakParts, visitor: Visitor): Promise<Finding> {
  const last = lastWebhook(visitor)
  const before = await parts.credits.balance(visitor.customer)
  const body = last?.body ?? madeUp(visitor.customer, parts.now())
  const key = `whsec_${Buffer.from(parts.randomBytes(32)).toString('base64')}`
  const id = `msg_${Buffer.from(parts.randomBytes(12)).toString('hex')}`
  const wrongSecret = await deliver(parts, { headers: signed({ id, at: parts.now(), body, key }), body })
  const results = [`signed with a wrong secret: ${await told(wrongSecret)}`]
  const statuses = [wrongSecret.status]
  if (last !== null) {
    const webhook = repeated(parts, last)
    const altered = await deliver(parts, { ...webhook, body: dearer(webhook.body) })
    results.push(`true signature, altered body: ${await told(altered)}`)
    statuses.push(altered.status)
  }
  const after = await parts.credits.balance(visitor.customer)
  return {
    expected: `401 each time, and the balance as it was`,
    happened: `${statuses.join(', ')}; ${before.available} credits before, ${after.available} after`,
    passed: statuses.every((status) => status === 401) && before.available === after.available,
    details: results,
  }
}

async function told(response: Response): Promise<string> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string }
    return `${response.status} ${problem.code ?? ''}. ${problem.detail ?? ''}`.trim()
  } catch {
    return `${response.status}`
  }
}

/** One more character of white space is enough: the signature is over bytes. */
function dearer(body: string): string {
  return body.replace('"quantity":1', '"quantity":100').replace(/\}$/, ' }')
}

function madeUp(customer: string, at: Date): string {
  const data = {
    payload_type: 'Payment',
    payment_id: 'pay_forged',
    total_amount: 10_000,
    metadata: { customer },
  }
  return JSON.stringify({
    business_id: 'bus_forged',
    type: 'payment.succeeded',
    timestamp: at.toISOString(),
    data,
  })
}
