/**
 * A rectangle of the small picture. `core` is the part this tile answers for; `read` is the core with a margin of its
 * surroundings, cut off at the picture's edge, so that the model sees what lies beyond and no seam shows.
 */
export interface Tile {
  column: number
  row: number
  core: Rectangle
  read: Rectangle
}

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** Pixels of a picture, three bytes each, row by row. */
export interface Pixels {
  width: number
  height: number
  rgb: Uint8Array
}

export interface TilePlan {
  columns: number
  rows: number
  tiles: Tile[]
}

const channels = 3

/** Divides a picture into tiles of about equal size, none of them larger than `sideMax` without its margin. */
export function planTiles(
  size: { width: number; height: number },
  options: { sideMax: number; margin: number },
): TilePlan {
  const columns = Math.ceil(size.width / options.sideMax)
  const rows = Math.ceil(size.height / options.sideMax)
  const tiles: Tile[] = []
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const left = Math.round((column * size.width) / columns)
      const right = Math.round(((column + 1) * size.width) / columns)
      const top = Math.round((row * size.height) / rows)
      const bottom = Math.round(((row + 1) * size.height) / rows)
      const core = { x: left, y: top, width: right - left, height: bottom - top }
      tiles.push({ column, row, core, read: withMargin(core, size, options.margin) })
    }
  }
  return { columns, rows, tiles }
}

function withMargin(core: Rectangle, size: { width: number; height: number }, margin: number): Rectangle {
  const x = Math.max(0, core.x - margin)
  const y = Math.max(0, core.y - margin)
  return {
    x,
    y,
    width: Math.min(size.width, core.x + core.width + margin) - x,
    height: Math.min(size.height, core.y + core.height + margin) - y,
  }
}

/** Copies a rectangle out of a picture. */
export function cutOut(picture: Pixels, from: Rectangle): Pixels {
  const rgb = new Uint8Array(from.width * from.height * channels)
  for (let y = 0; y < from.height; y++) {
    const start = ((from.y + y) * picture.width + from.x) * channels
    rgb.set(picture.rgb.subarray(start, start + from.width * channels), y * from.width * channels)
  }
  return { width: from.width, height: from.height, rgb }
}

/** Puts the core of an enlarged tile where it belongs in the enlarged picture, and drops its margin. */
export function placeTile(target: Pixels, tile: Tile, enlarged: Pixels, scale: number): void {
  const skipX = (tile.core.x - tile.read.x) * scale
  const skipY = (tile.core.y - tile.read.y) * scale
  const rowBytes = tile.core.width * scale * channels
  for (let y = 0; y < tile.core.height * scale; y++) {
    const start = ((skipY + y) * enlarged.width + skipX) * channels
    const end = ((tile.core.y * scale + y) * target.width + tile.core.x * scale) * channels
    target.rgb.set(enlarged.rgb.subarray(start, start + rowBytes), end)
  }
}

export function blankPicture(width: number, height: number): Pixels {
  return { width, height, rgb: new Uint8Array(width * height * channels) }
}
