import { expect, test } from 'vitest'
import { tenLinesOfExample, tenLinesOfReadme } from './ten-lines.ts'

test('the README shows the lines that run in the Express example', () => {
  expect(tenLinesOfReadme()).toBe(tenLinesOfExample())
})
