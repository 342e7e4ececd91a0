import { expect, test } from 'vitest'
import { Recent } from './recent.ts'

test('what was used lately is kept, and there are never more than so many', () => {
  const recent = new Recent<number, string>(10)
  for (let key = 0; key < 1000; key += 1) {
    recent.set(key, `value ${key}`)
    expect(recent.get(0), `after ${key}`).toBe('value 0')
    const kept = Array.from({ length: key + 1 }, (_, one) => one).filter((one) => one > key - 3)
    for (const one of kept) expect(recent.get(one)).toBe(`value ${one}`)
  }
  const held = Array.from({ length: 1000 }, (_, key) => key).filter((key) => recent.get(key) !== undefined)
  expect(held.length).toBeGreaterThanOrEqual(5)
  expect(held.length).toBeLessThanOrEqual(10)
})

test('the last value counts, wherever the first one was', () => {
  const recent = new Recent<string, number>(4)
  recent.set('a', 1)
  recent.set('b', 1)
  recent.set('a', 2)
  recent.set('c', 1)
  expect(recent.get('a')).toBe(2)
})

test('what is deleted is gone, old or new', () => {
  const recent = new Recent<string, number>(4)
  recent.set('a', 1)
  recent.set('b', 1)
  recent.set('c', 1)
  recent.delete('a')
  recent.delete('c')
  expect(recent.get('a')).toBeUndefined()
  expect(recent.get('c')).toBeUndefined()
  expect(recent.get('b')).toBe(1)
})
