import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** A file of lines that are on the disk when `append` resolves. Those that come in one turn of the event loop share a sync. */
export class Journal {
  readonly #file: number
  #waiting: { readonly line: string; readonly resolve: () => void }[] = []

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  append(entry: unknown): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#write())
      this.#waiting.push({ line: JSON.stringify(entry), resolve })
    })
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(): void {
    const written = this.#waiting.splice(0)
    writeSync(this.#file, written.map(({ line }) => `${line}\n`).join(''))
    fdatasyncSync(this.#file)
    for (const { resolve } of written) resolve()
  }
}

export function readJournal<Entry>(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry)
}
