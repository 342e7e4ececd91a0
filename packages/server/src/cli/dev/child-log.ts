import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { worthRepeating } from './log-line.ts'

/** Two files of this size a child at most: the present one and the one before. */
const fileBytesMax = 5 * 1024 * 1024
/** Enough to see a stack trace and what led to it. */
const tailLinesMax = 30
/** A program that prints for ever without a line end is cut here. */
const lineLengthMax = 64 * 1024

/** What one child prints: appended to a bounded file, its last lines at hand, its warnings and errors repeated. */
export class ChildLog {
  readonly path: string
  readonly #echo: (text: string) => void
  readonly #rests = new Map<'stdout' | 'stderr', string>()
  readonly #tail: string[] = []
  #file: number
  #bytes: number
  #closed = false
  #fails = false

  constructor(path: string, echo: (text: string) => void) {
    this.path = path
    this.#echo = echo
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = fstatSync(this.#file).size
  }

  /** A process begins: what the one before it said is in the file alone. */
  begin(): void {
    this.#tail.length = 0
  }

  /** The last lines of the process, oldest first. */
  get tail(): readonly string[] {
    return this.#tail
  }

  /** Takes what a stream gave, whole lines or not. */
  write(stream: 'stdout' | 'stderr', text: string): void {
    const lines = ((this.#rests.get(stream) ?? '') + text).split('\n')
    const rest = lines.pop() ?? ''
    this.#rests.set(stream, rest.length > lineLengthMax ? '' : rest)
    for (const line of lines) this.#line(line)
    if (rest.length > lineLengthMax) this.#line(rest.slice(0, lineLengthMax))
  }

  /** What a process left unfinished when it ended. */
  flush(): void {
    for (const [stream, rest] of this.#rests) {
      if (rest !== '') this.#line(rest)
      this.#rests.set(stream, '')
    }
  }

  /** What comes after it is dropped: a pipe may be read once more. */
  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    closeSync(this.#file)
  }

  #line(line: string): void {
    if (this.#closed) return
    this.#keep(Buffer.from(`${line}\n`))
    this.#tail.push(line)
    if (this.#tail.length > tailLinesMax) this.#tail.shift()
    const worth = worthRepeating(line)
    if (worth !== undefined) this.#echo(worth)
  }

  /** A disk that is full is no reason to end what is logged: said once, and tried again with the next line. */
  #keep(bytes: Buffer): void {
    try {
      if (this.#bytes + bytes.length > fileBytesMax) this.#rotate()
      this.#bytes += writeSync(this.#file, bytes)
      this.#fails = false
    } catch (error) {
      if (!this.#fails) this.#echo(`warning: ${this.path} cannot be written: ${messageOf(error)}`)
      this.#fails = true
    }
  }

  #rotate(): void {
    renameSync(this.path, `${this.path}.1`)
    const before = this.#file
    this.#file = openSync(this.path, 'a', 0o600)
    closeSync(before)
    this.#bytes = 0
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
