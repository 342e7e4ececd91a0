import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the stylesheet and the script are part of the published package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    files: string[]
  }
  expect(manifest.files).toContain('assets')
})
