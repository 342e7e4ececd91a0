import { PGlite } from '@electric-sql/pglite'
import { afterAll, describe, expect, test } from 'vitest'
import { newId } from './__fixtures__/operations.ts'
import { bigints, type Column, instants, uuids } from './array-bytes.ts'

describe('an array in binary', async () => {
  const pglite = await PGlite.create()
  afterAll(() => pglite.close())

  async function readBack(column: Column, type: string): Promise<unknown> {
    await pglite.query('set time zone utc')
    const { rows } = await pglite.query<{ text: string }>(`select $1::${type}[]::text as text`, [column])
    return rows[0]?.text
  }

  test('of ids is read by Postgres as its text is, nulls included', async () => {
    const ids = [undefined, newId(), undefined, newId()]
    expect(
      await readBack(
        uuids(ids, (id) => id),
        'uuid',
      ),
    ).toBe(`{NULL,${ids[1]},NULL,${ids[3]}}`)
  })

  test('of numbers reaches from the least to the greatest', async () => {
    const numbers = [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n]
    expect(
      await readBack(
        bigints(numbers, (number) => number),
        'bigint',
      ),
    ).toBe(`{${numbers.join(',')}}`)
  })

  test('of instants is exact before and long after Postgres begins to count', async () => {
    const dates = [new Date('1970-01-01T00:00:00.001Z'), new Date('9999-12-31T23:59:59.999Z')]
    expect(
      await readBack(
        instants(dates, (at) => at),
        'timestamptz',
      ),
    ).toBe('{"1970-01-01 00:00:00.001+00","9999-12-31 23:59:59.999+00"}')
  })

  test('of nothing but nulls is empty', () => {
    expect(bigints([1, 2], () => undefined)).toBe('{}')
  })

  test('does not take what has no room, nor an id that is none', () => {
    expect(() => bigints([2n ** 63n], (number) => number)).toThrow('room in a bigint')
    expect(() => uuids([newId().replace(/.$/, 'g')], (id) => id)).toThrow('uuid')
    expect(() => uuids([`${newId()}0`], (id) => id)).toThrow('uuid')
  })

  test('stays as it is when many more are written', () => {
    const first = bigints([1n], (number) => number)
    const before = Buffer.from(first as Buffer)
    for (let count = 0; count < 100; count += 1) bigints(Array.from({ length: 1000 }), () => 2n)
    expect(first).toEqual(before)
  })
})
