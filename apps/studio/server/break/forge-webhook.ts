import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts, Finding } from './experiments.ts'
import { deliver, lastWebhook, type RawWebhook, repeated, signed } from './inbox.ts'

const tenMinutesMs = 10 * 60_000

interface Forgery {
  what: string
  webhook: Pick<RawWebhook, 'headers' | 'body'>
}

/** Messages that are nearly true: by the visitor's last webhook, or by a made-up one when none came yet. */
export async function forgeWebhook(parts: BreakParts, visitor: Visitor): Promise<Finding> {
  const forgeries = forge(parts, visitor)
  const before = await parts.credits.balance(visitor.customer)
  const answers = await Promise.all(
    forgeries.map(async ({ what, webhook }) => {
      const response = await deliver(parts, webhook)
      return { status: response.status, detail: `${what}: ${await told(response)}` }
    }),
  )
  const after = await parts.credits.balance(visitor.customer)
  const statuses = answers.map(({ status }) => status)
  const untried =
    forgeries.length < 4 ? ['The others need the secret of the webhooks, or one that came.'] : []
  return {
    expected: `${forgeries.length} refusals (401), and the balance as it was`,
    happened: `${statuses.join(', ')}; ${before.available} credits before, ${after.available} after`,
    passed: statuses.every((status) => status === 401) && before.available === after.available,
    details: [...answers.map(({ detail }) => detail), ...untried],
  }
}

/** Four, of which each is one step away from a message that the server would take; fewer where no true one can be had. */
function forge(parts: BreakParts, visitor: Visitor): Forgery[] {
  const { webhookKey } = parts.dev
  const last = lastWebhook(visitor)
  const now = parts.now()
  const body = last?.body ?? madeUp(visitor.customer, now)
  const id = `msg_${Buffer.from(parts.randomBytes(12)).toString('hex')}`
  const wrongKey = `whsec_${Buffer.from(parts.randomBytes(32)).toString('base64')}`
  const forgeries: Forgery[] = [
    {
      what: 'Signed with a wrong secret',
      webhook: { headers: signed({ id, at: now, body, key: wrongKey }), body },
    },
  ]
  const headers =
    last === null
      ? webhookKey && signed({ id, at: now, body, key: webhookKey })
      : repeated(parts, last).headers
  if (headers) {
    forgeries.push(
      { what: 'True signature, altered body', webhook: { headers, body: dearer(body) } },
      {
        what: 'True signature, body parsed and written again',
        webhook: { headers, body: writtenAgain(body) },
      },
    )
  }
  if (webhookKey !== undefined) {
    const at = new Date(now.getTime() - tenMinutesMs)
    forgeries.push({
      what: 'Signed with the right secret ten minutes ago',
      webhook: { headers: signed({ id, at, body, key: webhookKey }), body },
    })
  }
  return forgeries
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

/** What a proxy or a framework makes of a body that it reads and passes on: the same meaning in other bytes. */
function writtenAgain(body: string): string {
  return JSON.stringify(JSON.parse(body), null, 2)
}

function madeUp(customer: string, at: Date): string {
  const data = {
    payload_type: 'Payment',
    payment_id: 'pay_forged',
    total_amount: 10_000,
    quantity: 1,
    metadata: { customer },
  }
  return JSON.stringify({
    business_id: 'bus_forged',
    type: 'payment.succeeded',
    timestamp: at.toISOString(),
    data,
  })
}
