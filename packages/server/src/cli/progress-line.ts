/** Where a long command says how far it is. */
export interface ProgressLine {
  show(text: string): void
  /** Leaves nothing of it on a terminal. */
  end(): void
}

/** In a log, a line now and then: more would bury what stands before. */
const plainIntervalMs = 5_000

/** One line that is written over again on a terminal; elsewhere a plain line every few seconds. */
export function progressLine(
  stream: Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean },
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  let shownMs = nowMs()
  const isTerminal = stream.isTTY === true
  return {
    show(text) {
      if (isTerminal) stream.write(`\r\u001B[2K${text}`)
      else if (nowMs() - shownMs >= plainIntervalMs) {
        shownMs = nowMs()
        stream.write(`${text}\n`)
      }
    },
    end() {
      if (isTerminal) stream.write('\r\u001B[2K')
    },
  }
}
