import type { APIError, DodoPayments } from 'dodopayments'
import { z } from 'zod'
import type { Fault, Refusal } from '../../kernel/refusal.ts'
import { storable } from '../../kernel/storable.ts'
import {
  discountNotValid,
  productGone,
  providerKeyRefused,
  providerRefused,
  providerUnavailable,
} from '../errors.ts'
import { discountSentence } from './discount-sentences.ts'

/** The SDK, once it is loaded. */
export interface Dodo {
  readonly client: DodoPayments
  readonly APIError: typeof APIError
}

/**
 * Calls the SDK; what it throws becomes a fault that says whether to try again.
 *
 * @param discountCode what the customer typed, where something is bought with it
 * @throws discountNotValid when that is what Dodo does not accept
 */
export async function callDodo<T>(
  dodo: Dodo,
  call: (client: DodoPayments) => Promise<T>,
  discountCode?: string,
): Promise<T> {
  try {
    return await call(dodo.client)
  } catch (error) {
    throw discountRefusal(dodo, error, discountCode) ?? faultFrom(dodo, error)
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

function faultFrom(dodo: Dodo, error: unknown): Fault {
  if (!(error instanceof dodo.APIError)) return providerUnavailable(error)
  const { status } = error
  // What the local Dodo does not cover is not covered a minute later either.
  if (status === 501) return providerRefused(storable(error.message), error)
  if (status === undefined || status >= 500 || temporary.has(status)) return providerUnavailable(error)
  if (codedError.safeParse(error.error).data?.code === 'PRODUCT_IS_DELETED') return productGone(error)
  if (status === 401 || status === 403) return providerKeyRefused(error)
  return providerRefused(storable(error.message), error)
}

const codedError = z.looseObject({ code: z.string() })

/** Dodo names its refusals of discounts by an error code of its own, which says nothing to a customer. */
function discountRefusal(dodo: Dodo, error: unknown, code: string | undefined): Refusal | undefined {
  if (code === undefined || !(error instanceof dodo.APIError)) return undefined
  const said = codedError.safeParse(error.error).data
  if (said === undefined || !/^(INVALID_)?DISCOUNT/.test(said.code)) return undefined
  return discountNotValid({ discountCode: code, reason: discountSentence(said.code) })
}
