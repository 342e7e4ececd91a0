const signature = [137, 80, 78, 71, 13, 10, 26, 10]

/**
 * Width and height from a PNG's first 24 bytes, so that a picture is refused before anything of it is unpacked.
 *
 * @throws when the bytes are not a PNG
 */
export function pictureSize(png: Uint8Array): { width: number; height: number } {
  if (png.length < 24 || signature.some((byte, i) => png[i] !== byte))
    throw new Error('This is not a PNG picture.')
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const size = { width: view.getUint32(16), height: view.getUint32(20) }
  if (size.width === 0 || size.height === 0) throw new Error('This PNG picture has no pixels.')
  return size
}
