import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Two files of this size a child at most: the present one and the one before. */
const fileBytesMax = 5 * 1024 * 1024
/** Enough to see a stack trace and what led to it. */
const tailLinesMax = 30
/** A program that prints for ever without a line end is cut here. */
const lineLengthMax = 64 * 1024

/** What one child prints: appended to a bounded file, its last lines at hand, its warnings and errors repeated. */
export class ChildLog {
  readonly path: string
  readonly #echo: (line: string) => void
  readonly #rests = new Map<'stdout' | 'stderr', string>()
  readonly #tail: string[] = []
  #file: number
  #bytes: number

  constructor(path: string, echo: (line: string) => void) {
    this.path = path
    this.#echo = echo
    mkdirSync(dirname(path), { recursive: true })
    this.#file = openSync(path, 'a', 0o600)
    this.#bytes = fstatSync(this.#file).size
  }

  /** The last lines, oldest first. */
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

  close(): void {
    this.flush()
    closeSync(this.#file)
  }

  #line(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    if (this.#bytes + bytes.length > fileBytesMax) this.#rotate()
    writeSync(this.#file, bytes)
    this.#bytes += bytes.length
    this.#tail.push(line)
    if (this.#tail.length > tailLinesMax) this.#tail.shift()
    const worth = worthRepeating(line)
    if (worth !== undefined) this.#echo(worth)
  }

  #rotate(): void {
    closeSync(this.#file)
    renameSync(this.path, `${this.path}.1`)
    this.#file = openSync(this.path, 'a', 0o600)
    this.#bytes = 0
  }
}

/** The levels of pino, which the server logs by. */
const levelNames = new Map([
  [40, 'warning'],
  [50, 'error'],
  [60, 'fatal'],
])

/** A line that a person at the terminal should see: a warning or an error, in the server's JSON or in plain text. */
export function worthRepeating(line: string): string | undefined {
  if (line.startsWith('{')) {
    const record = parseRecord(line)
    if (record === undefined) return undefined
    const level = levelNames.get(Number(record['level']))
    if (level === undefined) return undefined
    const { msg, err } = record
    const cause =
      typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : ''
    return `${level}: ${typeof msg === 'string' ? msg : ''}${cause}`
  }
  return /^\s*(?:\w*Error|warning|warn|fatal)\b/i.test(line) ? line : undefined
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
