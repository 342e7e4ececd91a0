import type { APIError, DodoPayments } from 'dodopayments'
import { z } from 'zod'
import type { Fault, Refusal } from '../../kernel/refusal.ts'
import { discountNotValid, providerKeyRefused, providerRefused, providerUnavailable } from '../errors.ts'

/** The SDK, once it is loaded. */
export interface Dodo {
  readonly client: DodoPayments
  readonly APIError: typeof APIError
}

/** Calls the SDK; what it throws becomes a fault that says whether to try again. */
export async function callDodo<T>(dodo: Dodo, call: (client: DodoPayments) => Promise<T>): Promise<T> {
  try {
    return await call(dodo.client)
  } catch (error) {
    throw faultFrom(dodo, error)
  }
}

/** The same for things that may be gone: undefined when Dodo does not know them. */
export async function findAtDodo<T>(
  dodo: Dodo,
  call: (client: DodoPayments) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call(dodo.client)
  } catch (error) {
    if (error instanceof dodo.APIError && (error.status === 404 || error.status === 410)) return undefined
    throw faultFrom(dodo, error)
  }
}

// Too slow, too much, or broken over there. 409 is Dodo's answer to a request that came twice at once.
const temporary = new Set([408, 409, 429])

function faultFrom(dodo: Dodo, error: unknown): Fault | Refusal {
  if (!(error instanceof dodo.APIError)) return providerUnavailable(error)
  const { status } = error
  if (status === undefined || status >= 500 || temporary.has(status)) return providerUnavailable(error)
  const discount = discountProblem(error.error)
  if (discount !== undefined) return discountNotValid(discount)
  if (status === 401 || status === 403) return providerKeyRefused(error)
  return providerRefused(error.message, error)
}

const codedError = z.looseObject({ code: z.string(), message: z.string().catch('') })

/** What Dodo says of a discount code that it does not accept. */
function discountProblem(body: unknown): { code: string; reason: string } | undefined {
  const said = codedError.safeParse(body).data
  if (said === undefined || !/^(INVALID_)?DISCOUNT/.test(said.code)) return undefined
  return { code: said.code, reason: said.message }
}
