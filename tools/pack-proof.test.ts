import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the packed packages work in an empty app outside the repository', { timeout: 300_000 }, async () => {
  const script = new URL('pack-proof.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', script])
  expect(stdout).toMatch(/45 of 50 credits are left\.\nThe packed packages work\.\n$/)
})
