import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { picturePixelsMax } from '../../shared/picture-limits.ts'

/** What the studio needs to know of a model: where it lies, how much it enlarges, and how much it is given at once. */
export interface PictureModel {
  name: ModelName
  scale: number
  /** The folder of its model.json. */
  folder: string
  /** The largest picture it accepts; the page scales larger ones down to this before sending. */
  pixelsMax: number
  tileSideMax: number
  tileMargin: number
}

export type ModelName = 'small' | 'large'

function folderOf(specifier: string, ...inside: string[]): string {
  // The entry of both packages is a bundle that asks for the whole of TensorFlow.js; only the files beside it are used.
  const entry = fileURLToPath(import.meta.resolve(specifier))
  const root = entry.slice(0, entry.indexOf(specifier) + specifier.length)
  return join(root === '' ? dirname(entry) : root, ...inside)
}

// A margin as wide as the model looks: what it computes at a core's edge is then what it would have computed without tiles.
export const models: Record<ModelName, PictureModel> = {
  small: {
    name: 'small',
    scale: 2,
    folder: folderOf('@upscalerjs/default-model', 'models'),
    pixelsMax: picturePixelsMax,
    tileSideMax: 96,
    tileMargin: 10,
  },
  large: {
    name: 'large',
    scale: 4,
    folder: folderOf('@upscalerjs/esrgan-medium', 'models', 'x4'),
    pixelsMax: picturePixelsMax,
    tileSideMax: 96,
    tileMargin: 14,
  },
}
