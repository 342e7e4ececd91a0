import { expect, test } from 'vitest'
import { progressLine } from './progress-line.ts'

function recording(isTTY: boolean) {
  const written: string[] = []
  return { written, isTTY, write: (text: string) => written.push(text) > 0 }
}

test('a terminal has one line, written over again and wiped in the end', () => {
  const stream = recording(true)
  const line = progressLine(stream, () => 0)
  line.show('10 %')
  line.show('20 %')
  line.end()
  expect(stream.written).toEqual(['\r\u001B[2K10 %', '\r\u001B[2K20 %', '\r\u001B[2K'])
})

test('a log has a line every five seconds', () => {
  const stream = recording(false)
  let nowMs = 0
  const line = progressLine(stream, () => nowMs)
  for (nowMs = 0; nowMs <= 12_000; nowMs += 1000) line.show(`${nowMs / 1000} s`)
  line.end()
  expect(stream.written).toEqual(['5 s\n', '10 s\n'])
})
