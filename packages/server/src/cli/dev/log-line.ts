/** Levels as the server writes them (observability/logger.ts), and as pino does unless told otherwise, for an app of `--run`. */
const levelNames = new Map<unknown, string>([
  ['warn', 'warning'],
  ['error', 'error'],
  ['fatal', 'fatal'],
  [40, 'warning'],
  [50, 'error'],
  [60, 'fatal'],
])

/** What says where and when, or how it happened; the log file has it. */
const notForTheTerminal = new Set(['level', 'time', 'msg', 'err', 'stack', 'pid', 'hostname'])
const causesMax = 5

/** A line that a person at the terminal should see, as they should see it: a warning or an error, in a log's JSON or in plain text. */
export function worthRepeating(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\s*(?:\w*Error|warning|warn|fatal)\b/i.test(line) ? line : undefined
  const record = parseRecord(line)
  const level = levelNames.get(record?.['level'])
  if (record === undefined || level === undefined) return undefined
  return `${level}: ${messageOf(record)}`
}

/** A line of a log as a person reads it, whatever its level. */
export function readable(line: string): string {
  const record = line.startsWith('{') ? parseRecord(line) : undefined
  if (record === undefined || typeof record['msg'] !== 'string') return line
  const level = levelNames.get(record['level'])
  return `${level === undefined ? '' : `${level}: `}${messageOf(record)}`
}

/** The message with its causes, then the facts: `webhook flagged: somebody must look at it (order=ord_1)`. */
function messageOf(record: Readonly<Record<string, unknown>>): string {
  const { msg, err } = record
  const [first = '', ...more] = [typeof msg === 'string' ? msg : '', ...causesOf(err)].join(': ').split('\n')
  const facts = Object.entries(record).flatMap(([name, value]) =>
    !notForTheTerminal.has(name) && (typeof value === 'string' || typeof value === 'number')
      ? [`${name}=${value}`]
      : [],
  )
  // A message of several lines explains itself, and reads on.
  const shown = facts.length === 0 || more.length > 0 ? first : `${first} (${facts.join(', ')})`
  return [shown, ...more].join('\n')
}

function causesOf(error: unknown, depth = 0): string[] {
  if (!isRecord(error) || depth === causesMax) return []
  const { message, cause } = error
  const deeper = causesOf(cause, depth + 1)
  return typeof message === 'string' && message !== '' ? [message, ...deeper] : deeper
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
