import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decode, encode } from 'fast-png'
import { afterAll, describe, expect, it } from 'vitest'
import { rgbOf } from './decoded.ts'
import { createEnlarger } from './enlarger.ts'
import { models } from './models.ts'
import { cutOut, type Pixels } from './tiles.ts'

const enlarger = createEnlarger()
afterAll(() => enlarger.close())

const sample = await readFile(join(import.meta.dirname, '../../web/public/samples/harbour.png'))
// Windows, masts and letters: a part of the sample where detail can be gained or lost.
const original = cutOut(rgbOf(decode(sample)), { x: 100, y: 80, width: 128, height: 96 })

function pngOf(pixels: Pixels): Uint8Array {
  return encode({ ...pixels, data: pixels.rgb, channels: 3 })
}

describe('the models', () => {
  // Each package brings a picture and what its makers' own program made of it.
  it.each([
    ['small', '../assets', '2x'],
    ['large', '../../assets', '4x'],
  ] as const)('make of a picture what their makers published: %s', async (model, assets, published) => {
    const folder = join(models[model].folder, assets)
    const before = rgbOf(decode(await readFile(join(folder, 'fixture.png'))))
    const expected = rgbOf(decode(await readFile(join(folder, 'samples', published, 'result.png'))))
    const { png } = await enlarger.enlarge({ png: pngOf(before), model })
    // Measured: 101 dB and 94 dB, which is a pixel here and there off by one.
    expect(peakSignalToNoise(rgbOf(decode(png)), expected)).toBeGreaterThan(80)
  })

  it('draw finer edges than smooth scaling does, and show the same picture', async () => {
    const small = cutOut(original, { x: 0, y: 0, width: 64, height: 48 })
    const enlarged = await enlarger.enlarge({ png: pngOf(small), model: 'large' })
    expect(enlarged).toMatchObject({ width: 256, height: 192 })
    const large = rgbOf(decode(enlarged.png))
    expect(edges(large)).toBeGreaterThan(edges(doubledSmoothly(doubledSmoothly(small))) * 1.05)
    expect(peakSignalToNoise(halved(halved(large)), small)).toBeGreaterThan(28)
  })

  it.each(['small', 'large'] as const)('leave no seam between tiles: %s', async (model) => {
    // 100 pixels are two tiles, 90 are one; far from the cut both show the same.
    const wide = cutOut(original, { x: 0, y: 0, width: 100, height: 40 })
    const narrow = cutOut(original, { x: 0, y: 0, width: 90, height: 40 })
    const [inTwo, inOne] = await Promise.all([
      enlarger.enlarge({ png: pngOf(wide), model }),
      enlarger.enlarge({ png: pngOf(narrow), model }),
    ])
    const scale = inTwo.width / 100
    const area = { x: 0, y: 0, width: 72 * scale, height: 40 * scale }
    const two = cutOut(rgbOf(decode(inTwo.png)), area)
    const one = cutOut(rgbOf(decode(inOne.png)), area)
    const largestDifference = two.rgb.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (one.rgb[i] ?? 0))),
      0,
    )
    expect(largestDifference).toBeLessThanOrEqual(1)
  })
})

describe('an enlarger', () => {
  it('tells of each tile, and stops at the next one when it is aborted', async () => {
    const controller = new AbortController()
    const done: number[] = []
    const run = enlarger.enlarge({
      png: pngOf(original),
      model: 'small',
      signal: controller.signal,
      onTile: (progress) => {
        done.push(progress.done)
        if (progress.done === 1) controller.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(done).toEqual([0, 1])
  })

  it('refuses a picture that is too large before it unpacks it', async () => {
    const png = encode({ width: 600, height: 600, data: new Uint8Array(600 * 600), channels: 1 })
    await expect(enlarger.enlarge({ png, model: 'small' })).rejects.toThrow('larger than this model takes')
  })

  it('says so when a PNG is damaged, and works on', async () => {
    const damaged = pngOf(original).slice(0, 400)
    await expect(enlarger.enlarge({ png: damaged, model: 'small' })).rejects.toThrow(/./)
    const tiny = cutOut(original, { x: 0, y: 0, width: 8, height: 8 })
    await expect(enlarger.enlarge({ png: pngOf(tiny), model: 'small' })).resolves.toMatchObject({
      width: 16,
      height: 16,
    })
  })
})

function halved(picture: Pixels): Pixels {
  const width = picture.width / 2
  const height = picture.height / 2
  const rgb = new Uint8Array(width * height * 3)
  const at = (x: number, y: number, c: number) => picture.rgb[(y * picture.width + x) * 3 + c] ?? 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const sum =
          at(2 * x, 2 * y, c) +
          at(2 * x + 1, 2 * y, c) +
          at(2 * x, 2 * y + 1, c) +
          at(2 * x + 1, 2 * y + 1, c)
        rgb[(y * width + x) * 3 + c] = Math.round(sum / 4)
      }
    }
  }
  return { width, height, rgb }
}

/** Catmull-Rom, which is what is called bicubic. */
function doubledSmoothly(picture: Pixels): Pixels {
  const width = picture.width * 2
  const height = picture.height * 2
  const rgb = new Uint8ClampedArray(width * height * 3)
  const at = (x: number, y: number, c: number) => {
    const cx = Math.min(picture.width - 1, Math.max(0, x))
    const cy = Math.min(picture.height - 1, Math.max(0, y))
    return picture.rgb[(cy * picture.width + cx) * 3 + c] ?? 0
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sx = (x + 0.5) / 2 - 0.5
      const sy = (y + 0.5) / 2 - 0.5
      const x0 = Math.floor(sx)
      const y0 = Math.floor(sy)
      for (let c = 0; c < 3; c++) {
        const rows = [-1, 0, 1, 2].map((dy) =>
          cubic(
            [-1, 0, 1, 2].map((dx) => at(x0 + dx, y0 + dy, c)),
            sx - x0,
          ),
        )
        rgb[(y * width + x) * 3 + c] = cubic(rows, sy - y0)
      }
    }
  }
  return { width, height, rgb: new Uint8Array(rgb.buffer) }
}

function cubic([a = 0, b = 0, c = 0, d = 0]: number[], t: number): number {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
}

/** How much neighbours differ, on average. */
function edges(picture: Pixels): number {
  let sum = 0
  for (let i = 3; i < picture.rgb.length; i++)
    sum += Math.abs((picture.rgb[i] ?? 0) - (picture.rgb[i - 3] ?? 0))
  return sum / picture.rgb.length
}

function peakSignalToNoise(a: Pixels, b: Pixels): number {
  const squares = a.rgb.reduce((sum, value, i) => sum + (value - (b.rgb[i] ?? 0)) ** 2, 0)
  return 10 * Math.log10(255 ** 2 / (squares / a.rgb.length))
}
