/** `amount × numerator ÷ denominator` to the nearest whole number, a half upwards; exact however large the product. */
export function roundedRatio(amount: number, numerator: number, denominator: number): number {
  const doubled = 2n * BigInt(amount) * BigInt(numerator) + BigInt(denominator)
  return Number(doubled / (2n * BigInt(denominator)))
}

/** Splits a whole number in proportion to the weights; the parts sum to it exactly. */
export function splitInProportion(amount: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let weightSeen = 0
  let given = 0
  return weights.map((weight) => {
    weightSeen += weight
    const due = total === 0 ? 0 : roundedRatio(amount, weightSeen, total)
    const part = due - given
    given = due
    return part
  })
}
