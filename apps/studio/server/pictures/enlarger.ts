import { Worker } from 'node:worker_threads'
import type { Answer, Question } from './model-worker.ts'
import { type ModelName, models } from './models.ts'
import { pictureSize } from './picture-size.ts'
import { blankPicture, cutOut, type Pixels, placeTile, planTiles } from './tiles.ts'

export interface Enlarger {
  /** Enlarges a PNG tile by tile; an abort takes effect at the next tile. */
  enlarge(input: Enlarge): Promise<Enlarged>
  close(): Promise<void>
}

export interface Enlarge {
  png: Uint8Array
  model: ModelName
  signal?: AbortSignal
  onTile?: (progress: Progress) => void
}

export interface Progress {
  columns: number
  rows: number
  done: number
}

export interface Enlarged {
  png: Uint8Array
  width: number
  height: number
}

/**
 * One thread with the models, shared by all jobs. Each job asks for one tile and waits for it before it asks for the
 * next, so that several jobs take turns tile by tile. The thread starts with the first question; when it dies, the
 * questions that waited for it fail and the next one starts another.
 */
export function createEnlarger(): Enlarger {
  let worker: Worker | undefined
  let lastId = 0
  const waiting = new Map<number, { resolve: (value: Answer) => void; reject: (error: Error) => void }>()

  function start(): Worker {
    const started = new Worker(new URL('./model-worker.ts', import.meta.url))
    started.on('message', (message: { id: number; value?: Answer; error?: string }) => {
      const asker = waiting.get(message.id)
      waiting.delete(message.id)
      if (waiting.size === 0) started.unref()
      if (message.value === undefined) asker?.reject(new Error(message.error ?? 'The model gave no answer.'))
      else asker?.resolve(message.value)
    })
    started.on('error', (error) => fail(started, error instanceof Error ? error : new Error(String(error))))
    started.on('exit', () => fail(started, new Error('The thread with the models has ended.')))
    started.unref()
    return started
  }

  function fail(from: Worker, error: Error): void {
    if (worker !== from) return
    worker = undefined
    for (const asker of waiting.values()) asker.reject(error)
    waiting.clear()
  }

  function ask(question: Question): Promise<Answer> {
    worker ??= start()
    const asked = worker
    // A thread with work to do keeps the process alive, an idle one does not.
    asked.ref()
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      // A thread's port has no origin; the rule is for windows.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      asked.postMessage({ id, question })
    })
  }

  async function askPixels(question: Question): Promise<Pixels> {
    const answer = await ask(question)
    if (answer instanceof Uint8Array) throw new Error('The thread answered a file where pixels were asked.')
    return answer
  }

  return {
    async enlarge({ png, model: name, signal, onTile }) {
      const model = models[name]
      const size = pictureSize(png)
      if (size.width * size.height > model.pixelsMax)
        throw new Error('The picture is larger than this model takes.')
      const small = await askPixels({ kind: 'decode', png })
      const plan = planTiles(small, { sideMax: model.tileSideMax, margin: model.tileMargin })
      const large = blankPicture(small.width * model.scale, small.height * model.scale)
      onTile?.({ columns: plan.columns, rows: plan.rows, done: 0 })
      let done = 0
      for (const tile of plan.tiles) {
        signal?.throwIfAborted()
        // One tile after the other: that is what lets jobs take turns, and an abort be heard.
        // oxlint-disable-next-line no-await-in-loop
        const enlarged = await askPixels({ kind: 'enlarge', model: name, pixels: cutOut(small, tile.read) })
        placeTile(large, tile, enlarged, model.scale)
        done += 1
        onTile?.({ columns: plan.columns, rows: plan.rows, done })
      }
      signal?.throwIfAborted()
      const encoded = await ask({ kind: 'encode', pixels: large })
      if (!(encoded instanceof Uint8Array))
        throw new Error('The thread answered pixels where a file was asked.')
      return { png: encoded, width: large.width, height: large.height }
    },

    async close() {
      const last = worker
      worker = undefined
      await last?.terminate()
    },
  }
}
