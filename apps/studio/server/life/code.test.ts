import { expect, it } from 'vitest'
import { readCode, regionsOf } from './code.ts'

it('shows the lines between the marks, unindented, and counts from the first of them', () => {
  const source = [
    'a()',
    '  // #region life:check life:hold',
    '  // oxlint-disable-next-line x',
    '  b()',
    '    c()',
    '  // #endregion',
    'd()',
  ]
  expect(regionsOf(source.join('\n'))).toEqual([{ nodes: ['check', 'hold'], line: 3, text: 'b()\n  c()' }])
})

it('finds code of the studio at every station where the studio acts', async () => {
  const code = await readCode()
  const stations = [
    'buy',
    'session',
    'payment',
    'balance',
    'request',
    'check',
    'hold',
    'result',
    'top-up',
  ] as const
  expect(stations.filter((node) => code[node] === undefined)).toEqual([])
  expect(code.hold?.[0]?.text).toContain('withCredits')
})
