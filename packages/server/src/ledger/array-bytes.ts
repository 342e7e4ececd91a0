/**
 * Columns as Postgres's arrays in binary. Of text, Postgres reads an id or an instant in 0.65 µs and a bigint in 0.18, of bytes each in 0.1; a charge has
 * some twenty of them.
 */
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'

/** The text of an array, or its bytes. */
export type Column = string | Buffer

export function uuids<Row>(rows: readonly Row[], valueOf: (row: Row) => Uuid | undefined): Column {
  return column(rows, valueOf, uuidElement)
}

export function bigints<Row>(rows: readonly Row[], valueOf: (row: Row) => bigint | undefined): Column {
  return column(rows, valueOf, bigintElement)
}

/** As `timestamptz[]`. */
export function instants<Row>(rows: readonly Row[], valueOf: (row: Row) => Date | undefined): Column {
  return column(rows, valueOf, instantElement)
}

interface Element<Value> {
  /** Postgres's number for its type. */
  readonly type: number
  readonly size: number
  readonly put: (bytes: DataView, at: number, value: Value) => void
}

/** Where in its text each byte of a uuid stands. */
const uuidPlaces = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const

/** By the character's code; below zero for what is no digit. */
const digits = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
)

const uuidElement: Element<Uuid> = {
  type: 2950,
  size: 16,
  put: (bytes, at, id) => {
    let place = at
    let all = 0
    for (const text of uuidPlaces) {
      const byte = ((digits[id.charCodeAt(text)] ?? -1) << 4) | (digits[id.charCodeAt(text + 1)] ?? -1)
      all |= byte
      bytes.setUint8(place, byte)
      place += 1
    }
    invariant(all >= 0 && id.length === 36, 'an id is a uuid')
  },
}

const bigintElement: Element<bigint> = {
  type: 20,
  size: 8,
  put: (bytes, at, value) => {
    invariant(BigInt.asIntN(64, value) === value, 'a number has room in a bigint')
    bytes.setBigInt64(at, value)
  },
}

/** From where Postgres counts microseconds. */
const epochMs = Date.UTC(2000)

const instantElement: Element<Date> = {
  type: 1184,
  size: 8,
  put: (bytes, at, instant) => {
    bytes.setBigInt64(at, BigInt(instant.getTime() - epochMs) * 1000n)
  },
}

/** Dimensions, whether there are nulls, the elements' type, their count, the number of the first; then each with its length before it, -1 for null. */
const headBytes = 20

/** Columns are written one behind the other into blocks, for a block of its own for each column would cost as much as to fill it. */
const blockBytes = 256 * 1024

let block = new DataView(new ArrayBuffer(blockBytes))
let used = 0

/** As in text, nothing but nulls is an empty array. */
function column<Row, Value>(
  rows: readonly Row[],
  valueOf: (row: Row) => Value | undefined,
  { type, size, put }: Element<Value>,
): Column {
  const bytesMax = headBytes + rows.length * (4 + size)
  if (used + bytesMax > block.byteLength) {
    block = new DataView(new ArrayBuffer(Math.max(blockBytes, bytesMax)))
    used = 0
  }
  let at = used + headBytes
  let nulls = 0
  for (const row of rows) {
    const value = valueOf(row)
    if (value === undefined) {
      nulls += 1
      block.setInt32(at, -1)
      at += 4
    } else {
      block.setInt32(at, size)
      put(block, at + 4, value)
      at += 4 + size
    }
  }
  if (nulls === rows.length) return '{}'
  block.setInt32(used, 1)
  block.setInt32(used + 4, nulls === 0 ? 0 : 1)
  block.setInt32(used + 8, type)
  block.setInt32(used + 12, rows.length)
  block.setInt32(used + 16, 1)
  const bytes = Buffer.from(block.buffer, used, at - used)
  used = at
  return bytes
}
