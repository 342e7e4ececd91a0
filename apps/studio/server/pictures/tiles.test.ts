import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blankPicture, cutOut, type Pixels, placeTile, planTiles } from './tiles.ts'

function pattern(width: number, height: number): Pixels {
  const picture = blankPicture(width, height)
  for (let i = 0; i < picture.rgb.length; i++) picture.rgb[i] = (i * 31) % 251
  return picture
}

describe('tiles', () => {
  it('cover every pixel once, and read no pixel outside the picture', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 20 }),
        (width, height, sideMax, margin) => {
          const covered = new Uint8Array(width * height)
          for (const { core, read } of planTiles({ width, height }, { sideMax, margin }).tiles) {
            expect(core.width).toBeLessThanOrEqual(sideMax)
            expect(read.x).toBeGreaterThanOrEqual(0)
            expect(read.x + read.width).toBeLessThanOrEqual(width)
            expect(read.y + read.height).toBeLessThanOrEqual(height)
            for (let y = core.y; y < core.y + core.height; y++) {
              for (let x = core.x; x < core.x + core.width; x++)
                covered[y * width + x] = (covered[y * width + x] ?? 0) + 1
            }
          }
          expect(covered.every((times) => times === 1)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('put together again are the picture they were cut from', () => {
    const picture = pattern(53, 41)
    const copy = blankPicture(53, 41)
    for (const tile of planTiles(picture, { sideMax: 16, margin: 5 }).tiles) {
      placeTile(copy, tile, cutOut(picture, tile.read), 1)
    }
    expect(copy.rgb).toEqual(picture.rgb)
  })
})
