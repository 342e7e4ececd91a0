import type { Job } from '../../shared/api.ts'
import { fitWithin, picturePixelsMax } from '../../shared/picture-limits.ts'
import { pictureUrl } from '../api.ts'

/** A small picture that could be enlarged, and a finished print of it where there is one to show. */
export interface Source {
  name: string
  url: string
  width: number
  height: number
  print?: string
  /** The picture itself, when it came from the visitor and lies nowhere but in the page. */
  png?: Blob
  /** The size it had before it was scaled down to what the models take. */
  original?: { width: number; height: number }
}

const sampleSize = { width: 320, height: 240 }

export const samples: readonly Source[] = [
  { name: 'Lake', url: '/samples/lake.png', print: '/samples/lake-print.webp', ...sampleSize },
  { name: 'Dahlia', url: '/samples/dahlia.png', ...sampleSize },
  { name: 'Harbour', url: '/samples/harbour.png', ...sampleSize },
]

export function sourceOfJob(job: Job): Source {
  return { name: job.name, url: pictureUrl(job, 'before'), ...job.before }
}

/** Any picture the browser can read, scaled down to what the models take, as a PNG of the page's own. */
export async function sourceOfFile(file: Blob, name: string): Promise<Source> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    throw new Error(`“${name}” is not a picture this browser can read. You were charged nothing.`)
  }
  const original = { width: bitmap.width, height: bitmap.height }
  const size = fitWithin(original, picturePixelsMax)
  const canvas = document.createElement('canvas')
  canvas.width = size.width
  canvas.height = size.height
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot draw pictures.')
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, size.width, size.height)
  bitmap.close()
  const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (png === null) throw new Error('This browser cannot write PNG pictures.')
  const isScaled = size.width !== original.width
  return { name, url: URL.createObjectURL(png), png, ...size, ...(isScaled && { original }) }
}

export async function pngOf(source: Source): Promise<Blob> {
  if (source.png !== undefined) return source.png
  const response = await fetch(source.url)
  return response.blob()
}
