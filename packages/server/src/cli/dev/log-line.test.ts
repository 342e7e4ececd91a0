import { describe, expect, test } from 'vitest'
import { CatalogError, checkCatalog } from '../../catalog/check-catalog.ts'
import { createLogger, type Log } from '../../observability/logger.ts'
import { readable, worthRepeating } from './log-line.ts'

/** What the server writes when it logs so. */
function lineOf(write: (log: Log) => void): string {
  const lines: string[] = []
  write(createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } }))
  expect(lines).toHaveLength(1)
  return lines.join('').trimEnd()
}

describe('of what the server logs, the terminal shows', () => {
  test('warnings and errors with their causes and facts, and nothing below', () => {
    const cause = new Error('connect ECONNREFUSED', { cause: new Error('no route') })
    const away = new Error('The database is away.', { cause })
    expect(worthRepeating(lineOf((log) => log.warn({ err: away }, 'request met a fault')))).toBe(
      'warning: request met a fault: The database is away.: connect ECONNREFUSED: no route',
    )
    const flagged = lineOf((log) =>
      log.error({ order: 'ord_1', messageId: 'msg_1' }, 'webhook flagged: somebody must look at it'),
    )
    expect(worthRepeating(flagged)).toBe(
      'error: webhook flagged: somebody must look at it (order=ord_1, messageId=msg_1)',
    )
    expect(worthRepeating(lineOf((log) => log.info({}, 'listening')))).toBeUndefined()
    expect(worthRepeating(lineOf((log) => log.debug({}, 'request answered')))).toBeUndefined()
  })

  test('a broken catalog in full', () => {
    const message = catalogMessage({ units: { credits: {} }, actions: { a: { credits: 0 }, b: {} } })
    expect(message.split('\n').length).toBeGreaterThan(2)
    expect(worthRepeating(lineOf((log) => log.error({ catalog: 'a1b2' }, message)))).toBe(`error: ${message}`)
  })

  test('when all of its last lines are asked for, each as a person reads it', () => {
    expect(readable(lineOf((log) => log.info({ port: 4100 }, 'listening')))).toBe('listening (port=4100)')
    expect(readable('{"some":"json"}')).toBe('{"some":"json"}')
    expect(readable('plain')).toBe('plain')
  })
})

function catalogMessage(definition: unknown): string {
  try {
    checkCatalog(definition)
  } catch (error) {
    if (error instanceof CatalogError) return error.message
  }
  throw new Error('The catalog was accepted.')
}

test.each([
  [
    '{"level":50,"time":1,"pid":2,"hostname":"here","msg":"as pino writes by itself"}',
    'error: as pino writes by itself',
  ],
  ['{"level":30,"msg":"listening"}', undefined],
  ['{not json', undefined],
  ['[1]', undefined],
  ['error: port taken', 'error: port taken'],
  ['TypeError: x is not a function', 'TypeError: x is not a function'],
  ['0 errors found', undefined],
  ['the error page is served', undefined],
])('of others, %s is repeated as %s', (line, repeated) => {
  expect(worthRepeating(line)).toBe(repeated)
})
