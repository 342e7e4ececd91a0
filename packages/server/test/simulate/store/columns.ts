import { elementsInBytes } from './array-bytes.ts'
import { elementsOf } from './array-text.ts'
import { databaseError } from './errors.ts'

/** How a column's elements are cast. Those in the plural stand as the text of an array in an element of their own. */
export type ColumnType =
  | 'uuid'
  | 'text'
  | 'int'
  | 'bigint'
  | 'instant'
  | 'boolean'
  | 'json'
  | 'texts'
  | 'ints'
  | 'bigints'
  | 'instants'

export type Values = Readonly<Record<string, unknown>>

/** `unnest`: a row for each place in the longest of the columns, filled up with nulls. */
export function unnest(columns: Readonly<Record<string, ColumnType>>, values: readonly unknown[]): Values[] {
  const names = Object.keys(columns)
  if (names.length !== values.length)
    throw new Error(`${values.length} values were sent for ${names.length} columns: ${names.join(', ')}`)
  const lists = values.map(listOf)
  const count = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: count }, (_, place) => {
    const row: Record<string, unknown> = {}
    for (const [column, name] of names.entries())
      row[name] = cast(columns[name] ?? 'text', lists[column]?.[place])
    return row
  })
}

function cast(type: ColumnType, element: unknown): unknown {
  if (element === null || element === undefined) return null
  if (element instanceof Date) return element
  const text = typeof element === 'string' ? element : `${element as number}`
  if (text.includes('\0')) throw databaseError('22021', 'invalid byte sequence for encoding "UTF8": 0x00')
  switch (type) {
    case 'uuid':
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text))
        throw databaseError('22P02', `invalid input syntax for type uuid: "${text}"`)
      return text
    case 'text':
      return text
    case 'int':
      return Number(text)
    case 'bigint':
      return bigintFrom(text)
    case 'instant':
      return new Date(text)
    case 'boolean':
      return text === 'true'
    case 'json':
      return JSON.parse(text)
    case 'texts':
      return elementsOf(text)
    case 'ints':
      return elementsOf(text).map(Number)
    case 'bigints':
      return elementsOf(text).map((one) => (one === null ? null : bigintFrom(one)))
    case 'instants':
      return elementsOf(text).map((one) => (one === null ? null : new Date(one)))
  }
}

/** What a statement was sent: an array's text or its bytes, or a list. */
export function listOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return elementsOf(value)
  return value instanceof Buffer ? elementsInBytes(value) : (value as unknown[])
}

function bigintFrom(text: string): bigint {
  const count = BigInt(text)
  if (BigInt.asIntN(64, count) !== count) throw databaseError('22003', 'bigint out of range')
  return count
}
