import { encode } from 'fast-png'
import { expect, it } from 'vitest'
import { pictureSize } from './picture-size.ts'

it('reads width and height before anything is unpacked', () => {
  const png = encode({ width: 7, height: 3, data: new Uint8Array(63), channels: 3 })
  expect(pictureSize(png)).toEqual({ width: 7, height: 3 })
})

it('refuses what is not a PNG, and a PNG cut short', () => {
  expect(() => pictureSize(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toThrow(
    'not a PNG',
  )
  expect(() => pictureSize(new Uint8Array(0))).toThrow('not a PNG')
  expect(() => pictureSize(new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]))).toThrow('not a PNG')
})
