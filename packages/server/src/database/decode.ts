/** How both drivers decode what they would decode differently, by Postgres's type ids. */
export const decoders: Readonly<Record<number, (text: string) => unknown>> = {
  20: BigInt,
  1016: parseBigintArray,
}

/** `{1,NULL}` is `[1n, null]`. */
function parseBigintArray(text: string): (bigint | null)[] {
  const inside = text.slice(1, -1)
  return inside === ''
    ? []
    : inside.split(',').map((element) => (element === 'NULL' ? null : BigInt(element)))
}
