import { createReadStream } from 'node:fs'
import { TextDecoder } from 'node:util'
import { importFileWrong } from './import-file-wrong.ts'

/**
 * The text of a file in UTF-8, piece by piece. What is not UTF-8 is refused and not replaced: two ids that differ in such a byte
 * would become one, and two customers with them.
 *
 * @throws Fault import_file_wrong when it cannot be read, is not UTF-8, or has a NUL
 */
export async function* readText(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for await (const chunk of chunksOf(file)) {
    let text = ''
    for (const piece of lineByLine(chunk)) {
      text += decoded(decoder, piece, line)
      if (piece.at(-1) === newline) line += 1
    }
    yield text
  }
  decoded(decoder, undefined, line)
}

const newline = 10

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Uint8Array
  } catch (error) {
    throw unreadable(file, error)
  }
}

function* lineByLine(chunk: Uint8Array): Generator<Uint8Array> {
  let start = 0
  while (start < chunk.length) {
    const end = chunk.indexOf(newline, start) + 1 || chunk.length
    yield chunk.subarray(start, end)
    start = end
  }
}

/** Without a piece: what is left when there are no more. */
function decoded(decoder: TextDecoder, piece: Uint8Array | undefined, line: number): string {
  if (piece?.includes(0) === true)
    throw importFileWrong(
      `line ${line}: has a NUL, which no text has. Save the file as text in UTF-8: CSV UTF-8, not Unicode, in a spreadsheet.`,
    )
  try {
    return decoder.decode(piece, { stream: piece !== undefined })
  } catch (error) {
    throw importFileWrong(
      `line ${line}: is not UTF-8. Save the file as CSV in UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8, if that is what it is in.`,
      error,
    )
  }
}

function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  switch (error.code) {
    case 'ENOENT':
      return importFileWrong(`There is no file ${file}.`, error)
    case 'EISDIR':
      return importFileWrong(`${file} is a folder. Name the CSV file in it.`, error)
    case 'EACCES':
      return importFileWrong(
        `${file} may not be read by this user. Give yourself the right to read it.`,
        error,
      )
    default:
      return importFileWrong(`${file} could not be read: ${error.message}.`, error)
  }
}
