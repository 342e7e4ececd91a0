import type { DecodedPng } from 'fast-png'
import { convertIndexedToRgb } from 'fast-png'
import type { Pixels } from './tiles.ts'

/** Any PNG, as three bytes a pixel: grey is repeated, a palette looked up, 16 bits cut to 8, transparency laid on white. */
export function rgbOf(png: DecodedPng): Pixels {
  const channels = png.palette === undefined ? png.channels : (png.palette[0]?.length ?? 3)
  const data = png.palette === undefined ? png.data : convertIndexedToRgb(png)
  const shift = data instanceof Uint16Array ? 8 : 0
  const count = png.width * png.height
  const rgb = new Uint8Array(count * 3)
  const hasAlpha = channels === 2 || channels === 4
  const isGrey = channels < 3
  for (let i = 0; i < count; i++) {
    const at = i * channels
    const alpha = hasAlpha ? (data[at + channels - 1] ?? 0) >> shift : 255
    for (let c = 0; c < 3; c++) {
      const value = (data[isGrey ? at : at + c] ?? 0) >> shift
      rgb[i * 3 + c] = alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255)
    }
  }
  return { width: png.width, height: png.height, rgb }
}
