/**
 * The largest picture a model is given, in pixels: 384 × 288. Measured on two cores, one thread: with that many the small
 * model ends in about two seconds, the large one in about seven.
 */
export const picturePixelsMax = 384 * 288

/** The largest size of the same shape that has at most so many pixels; the size itself when it has. */
export function fitWithin(
  size: { width: number; height: number },
  pixelsMax: number,
): { width: number; height: number } {
  const shrink = Math.min(1, Math.sqrt(pixelsMax / (size.width * size.height)))
  if (shrink === 1) return size
  // Rounded down, so that the product stays within the limit; a sliver keeps one pixel of breadth.
  const width = Math.max(1, Math.floor(size.width * shrink))
  const height = Math.max(1, Math.floor(size.height * shrink))
  return { width: Math.min(width, pixelsMax), height: Math.min(height, pixelsMax) }
}
