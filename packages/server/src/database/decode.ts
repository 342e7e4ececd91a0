/** How both drivers decode what they would decode differently, or slowly, by Postgres's type ids. */
export const decoders: Readonly<Record<number, (text: string) => unknown>> = {
  20: BigInt,
  1005: (text) => elements(text).map(Number),
  1007: (text) => elements(text).map(Number),
  1016: (text) => elements(text).map((element) => (element === 'NULL' ? null : BigInt(element))),
  1184: parseInstant,
  1185: (text) => elements(text).map((element) => parseInstant(element.slice(1, -1))),
  2951: elements,
}

/** `{a,b}` is `['a', 'b']`: for elements that are never quoted, or always. */
function elements(text: string): string[] {
  if (text.length === 2) return []
  const inside = text.slice(1, -1)
  return inside.includes(',') ? inside.split(',') : [inside]
}

/** `2026-11-25 08:34:18.123456+00`, as every connection writes it: all are in UTC. */
function parseInstant(text: string): Date {
  return new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`)
}
