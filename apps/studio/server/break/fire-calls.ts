import { readFile } from 'node:fs/promises'
import { InsufficientCreditsError } from '@tallystick/client'
import { decimalFromMicros, microsFromDecimal } from '../../shared/amounts.ts'
import type { BreakParts, Finding } from './experiments.ts'
import { tinySample } from './samples.ts'

const calls = 50
const affordable = 10

/** Fifty calls at once with credits for ten, by a customer made for this, so that the visitor's own credits stay. */
export async function fireCalls(parts: BreakParts): Promise<Finding> {
  const { credits, enlarger } = parts
  const customer = `fire-${Buffer.from(parts.randomBytes(9)).toString('hex')}`
  const action = 'image.hires'
  await haveExactly(parts, customer, action)
  const png = new Uint8Array(await readFile(tinySample))

  const answers = await Promise.allSettled(
    Array.from({ length: calls }, () =>
      credits.withCredits({ customer, action }, ({ signal }) =>
        enlarger.enlarge({ png, model: 'large', signal }),
      ),
    ),
  )
  const succeeded = answers.filter((answer) => answer.status === 'fulfilled').length
  const refused = answers.filter(
    (answer) => answer.status === 'rejected' && answer.reason instanceof InsufficientCreditsError,
  ).length
  const balance = await credits.balance(customer)
  const others = calls - succeeded - refused
  return {
    expected: `${affordable} pictures, ${calls - affordable} refusals (402), 0 credits left`,
    happened: `${succeeded} pictures, ${refused} refusals (402), ${balance.available} credits left${others > 0 ? `, ${others} other errors` : ''}`,
    passed:
      succeeded === affordable &&
      refused === calls - affordable &&
      balance.available === '0' &&
      balance.held === '0',
    details: [`A customer of its own, ${customer}, had credits for ${affordable}: yours were not touched.`],
  }
}

/** Brings a new customer to credits for ten calls, whatever the welcome gift is. */
async function haveExactly(parts: BreakParts, customer: string, action: string): Promise<void> {
  const [{ actions }, balance] = await Promise.all([parts.credits.prices(), parts.credits.balance(customer)])
  const price = actions.find((offer) => offer.action === action)?.credits ?? '0'
  const wanted = microsFromDecimal(price) * BigInt(affordable)
  const over = microsFromDecimal(balance.spendable) - wanted
  if (over > 0n) await parts.credits.charge({ customer, credits: decimalFromMicros(over) })
  if (over < 0n) {
    const missing = decimalFromMicros(-over)
    await parts.credits.grant({
      customer,
      credits: missing,
      source: 'adjustment',
      name: 'For fifty calls at once',
    })
  }
}
