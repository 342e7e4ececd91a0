import { Fault } from '../../kernel/refusal.ts'

/** The file cannot be imported as it is. */
export function importFileWrong(message: string, cause?: unknown): Fault {
  return new Fault('import_file_wrong', message, { retryable: false, cause })
}
