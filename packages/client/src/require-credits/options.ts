/** What a handler costs whom; each function is given what the handler is given first. */
export interface RequireCreditsOptions<Given> {
  /** The app's id of who pays. */
  customer: (given: Given) => string | Promise<string>
  /** How many times the action: once unless given. */
  quantity?: number | ((given: Given) => number | Promise<number>)
  /** When the hold of a process that died lapses: longer than the handler can take; 300 unless given. */
  expires_in_seconds?: number
}

/** The part of the request to `withCredits` that follows from the options. */
export async function spendOf<Given>(
  options: RequireCreditsOptions<Given>,
  given: Given,
): Promise<{ customer: string; quantity?: number; expires_in_seconds?: number }> {
  const { quantity, expires_in_seconds } = options
  return {
    customer: await options.customer(given),
    ...(quantity === undefined
      ? {}
      : { quantity: typeof quantity === 'function' ? await quantity(given) : quantity }),
    ...(expires_in_seconds === undefined ? {} : { expires_in_seconds }),
  }
}
