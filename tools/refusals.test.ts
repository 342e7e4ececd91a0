import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { definitions } from './refusals.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

test('every refusal is met in a test', async () => {
  const tests = globSync('packages/server/{src,test}/**/*.{test,contract}.ts', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  )
  const untested = (await definitions()).filter(({ code }) => !tests.some((text) => text.includes(code)))
  expect(untested.map(({ code }) => code)).toEqual([])
})

test('no two refusals share a code', async () => {
  const codes = (await definitions()).map(({ code }) => code)
  const inSource = globSync('packages/server/src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).flatMap(
    (file) => [
      ...readFileSync(join(root, file), 'utf8').matchAll(/= refusal(?:<\w+>)?\(\{\s+code: '(\w+)'/g),
    ],
  )
  expect(inSource.map((match) => match[1] ?? '').toSorted()).toEqual(codes.toSorted())
})
