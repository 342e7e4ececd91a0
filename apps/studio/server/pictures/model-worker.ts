/**
 * The thread that computes: it decodes a picture, enlarges one tile at a time, and encodes the result, so that the
 * server's own thread stays free to answer. Each message is one question and gets one answer.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import * as wasm from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { decode, encode } from 'fast-png'
import { rgbOf } from './decoded.ts'
import { type ModelName, models } from './models.ts'
import type { Pixels } from './tiles.ts'

export type Question =
  | { kind: 'decode'; png: Uint8Array }
  | { kind: 'enlarge'; model: ModelName; pixels: Pixels }
  | { kind: 'encode'; pixels: Pixels }

export type Answer = Pixels | Uint8Array

async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case 'decode':
      return rgbOf(decode(question.png))
    case 'enlarge':
      return enlarge(await load(question.model), question.pixels)
    case 'encode':
      // Level 3 takes half the time of level 6 on such pictures and gives files a few per cent larger.
      return encode({ ...question.pixels, data: question.pixels.rgb, channels: 3 }, { zlib: { level: 3 } })
  }
}

const loading = new Map<ModelName, Promise<layers.LayersModel>>()

function load(name: ModelName): Promise<layers.LayersModel> {
  const begun = loading.get(name) ?? loadModel(name)
  loading.set(name, begun)
  return begun
}

async function loadModel(name: ModelName): Promise<layers.LayersModel> {
  await backend()
  const { folder } = models[name]
  const file = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'))
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = file.weightsManifest
  const weights = Buffer.concat(
    groups.flatMap((group) => group.paths).map((path) => readFileSync(join(folder, path))),
  )
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: file.modelTopology,
    format: file.format,
    weightSpecs: groups.flatMap((group) => group.weights),
    weightData: new Uint8Array(weights).buffer,
  }
  return layers.loadLayersModel({ load: () => Promise.resolve(artifacts) })
}

let ready: Promise<void> | undefined

function backend(): Promise<void> {
  ready ??= startBackend()
  return ready
}

async function startBackend(): Promise<void> {
  const require = createRequire(import.meta.url)
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  await tf.setBackend('wasm')
  await tf.ready()
}

async function enlarge(model: layers.LayersModel, pixels: Pixels): Promise<Pixels> {
  const output = tf.tidy(() => {
    const input = tf.tensor(Float32Array.from(pixels.rgb), [1, pixels.height, pixels.width, 3])
    const predicted = model.predict(input)
    if (Array.isArray(predicted)) throw new Error('The model has one output.')
    return predicted
  })
  const [, height = 0, width = 0] = output.shape
  const values = await output.data()
  output.dispose()
  // A clamped array rounds to the nearest and cuts at 0 and 255, which is what a byte of a picture wants.
  const rgb = new Uint8Array(Uint8ClampedArray.from(values).buffer)
  return { width, height, rgb }
}

parentPort?.on('message', (message: { id: number; question: Question }) => {
  answer(message.question).then(
    (value) => reply({ id: message.id, value }),
    (error: unknown) =>
      reply({ id: message.id, error: error instanceof Error ? error.message : String(error) }),
  )
})

function reply(message: { id: number; value?: Answer; error?: string }): void {
  // A thread's port has no origin; the rule is for windows.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message)
}
