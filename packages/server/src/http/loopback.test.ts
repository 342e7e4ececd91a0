import { expect, test } from 'vitest'
import { isForThisMachine } from './loopback.ts'

test.each([
  ['localhost', true],
  ['LOCALHOST:4100', true],
  ['127.0.0.1:4100', true],
  ['127.0.0.1', true],
  ['[::1]:4100', true],
  ['[::1]', true],
  [undefined, true],
  ['', false],
  ['evil.example', false],
  ['evil.example:4100', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example:4100', false],
  ['evil.example:127.0.0.1', false],
  ['localhost@evil.example', false],
  ['192.168.1.7:4100', false],
])('the host %j is this machine: %s', (host, expected) => {
  expect(isForThisMachine(new Headers(host === undefined ? {} : { host }))).toBe(expected)
})
