import { expect, test } from 'vitest'
import { keyMaker } from './keys.ts'

test('UUIDv7 keys are well formed, different, and in order', () => {
  const newKey = keyMaker('v7')
  const keys = Array.from({ length: 20_000 }, newKey)
  for (const key of keys) expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.map((key) => key.slice(0, 18))).toEqual(keys.map((key) => key.slice(0, 18)).toSorted())
})
