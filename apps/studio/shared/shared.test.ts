import { describe, expect, it } from 'vitest'
import { creditsText, decimalFromMicros, microsFromDecimal, readable } from './amounts.ts'
import { fitWithin } from './picture-limits.ts'

describe('amounts', () => {
  it.each(['0', '1', '12.5', '0.000001', '1500'])('%s is the same after a way there and back', (amount) => {
    expect(decimalFromMicros(microsFromDecimal(amount))).toBe(amount)
  })

  it('are grouped for reading', () => {
    expect(readable('1500')).toBe('1,500')
    expect(readable('1234567.5')).toBe('1,234,567.5')
    expect(readable('12')).toBe('12')
  })

  it('speak of one credit and of several', () => {
    expect(creditsText('1')).toBe('1 credit')
    expect(creditsText('5')).toBe('5 credits')
    expect(creditsText('0')).toBe('0 credits')
  })
})

describe('a picture scaled down', () => {
  it('keeps its shape and fits', () => {
    expect(fitWithin({ width: 4000, height: 3000 }, 110_592)).toEqual({ width: 384, height: 288 })
    expect(fitWithin({ width: 3000, height: 3000 }, 10_000)).toEqual({ width: 100, height: 100 })
  })

  it('is left alone when it fits already', () => {
    expect(fitWithin({ width: 20, height: 30 }, 110_592)).toEqual({ width: 20, height: 30 })
  })

  it('keeps a pixel of a sliver, and still fits', () => {
    const { width, height } = fitWithin({ width: 1_000_000, height: 1 }, 10_000)
    expect(height).toBe(1)
    expect(width * height).toBeLessThanOrEqual(10_000)
  })
})
