const uuid = 2950
const bigint = 20
const instant = 1184

/** The elements of an array in Postgres's binary format, as the text of an array would have them. */
export function elementsInBytes(bytes: Buffer): (string | null)[] {
  const type = bytes.readInt32BE(8)
  const elements: (string | null)[] = []
  let at = 20
  for (let left = bytes.readInt32BE(12); left > 0; left -= 1) {
    const length = bytes.readInt32BE(at)
    at += 4
    elements.push(length === -1 ? null : elementIn(bytes.subarray(at, at + length), type))
    at += Math.max(length, 0)
  }
  if (at !== bytes.length) throw new Error(`An array of ${bytes.length} bytes ends after ${at}.`)
  return elements
}

function elementIn(bytes: Buffer, type: number): string {
  switch (type) {
    case uuid:
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    case bigint:
      return String(bytes.readBigInt64BE())
    case instant:
      return new Date(Date.UTC(2000) + Number(bytes.readBigInt64BE() / 1000n)).toISOString()
    default:
      throw new Error(`No elements of type ${type} are known here.`)
  }
}
