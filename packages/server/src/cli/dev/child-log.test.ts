import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ChildLog } from './child-log.ts'

let folder: string
let echoed: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tallystick-log-'))
  echoed = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function openLog(): ChildLog {
  return new ChildLog(join(folder, 'logs', 'server.log'), (line) => echoed.push(line))
}

test('lines cut in pieces are put together, and the two streams are not mixed within a line', () => {
  const log = openLog()
  log.write('stdout', 'lis')
  log.write('stderr', 'warning: low on ')
  log.write('stdout', 'tening\n')
  log.write('stderr', 'disk\nunfinished')
  log.close()
  expect(readFileSync(log.path, 'utf8')).toBe('listening\nwarning: low on disk\nunfinished\n')
  expect(echoed).toEqual(['warning: low on disk'])
})

test('a restart appends', () => {
  for (const line of ['first run', 'second run']) {
    const log = openLog()
    log.write('stdout', `${line}\n`)
    log.close()
  }
  expect(readFileSync(join(folder, 'logs', 'server.log'), 'utf8')).toBe('first run\nsecond run\n')
})

test('keeps two files of five megabytes and the last thirty lines at most', () => {
  const log = openLog()
  const line = `${'x'.repeat(1023)}\n`
  for (let count = 0; count < 12 * 1024; count += 1) log.write('stdout', line)
  log.close()
  const sizes = [log.path, `${log.path}.1`].map((path) => statSync(path).size)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * 1024 * 1024)
  expect(existsSync(`${log.path}.2`)).toBe(false)
  expect(log.tail).toHaveLength(30)
})

test('a program that never ends its line does not fill the memory', () => {
  const log = openLog()
  for (let count = 0; count < 10; count += 1) log.write('stdout', 'x'.repeat(50_000))
  log.close()
  for (const line of readFileSync(log.path, 'utf8').split('\n'))
    expect(line.length).toBeLessThanOrEqual(65_536)
})

test('what comes after it was closed is dropped', () => {
  const log = openLog()
  log.close()
  log.write('stdout', 'late\n')
  log.flush()
  log.close()
  expect(readFileSync(log.path, 'utf8')).toBe('')
})

// The device that is always full is Linux's own.
test.runIf(existsSync('/dev/full'))('a full disk is told once, and ends nothing', () => {
  const log = new ChildLog('/dev/full', (line) => echoed.push(line))
  log.write('stdout', 'one\ntwo\n')
  log.close()
  expect(echoed).toEqual([expect.stringMatching(/^warning: \/dev\/full cannot be written: ENOSPC/)])
  expect(log.tail).toEqual(['one', 'two'])
})
