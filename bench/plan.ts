import type { KeyKind } from './keys.ts'
import { walletCount } from './way.ts'

/** The ways of charging, as the table names them. */
export const wayNames = {
  usual: 'usual transaction',
  single: 'single statement',
  engine: 'engine',
  random: 'engine, random keys',
  holds: 'engine, hold + capture',
  limits: 'engine, two limits on',
  pglite: 'engine on PGlite',
  http: 'HTTP',
  noop: 'HTTP without a ledger',
  grown: 'engine, after the load',
} as const

export type WayId = keyof typeof wayNames

export interface Cell {
  readonly way: WayId
  readonly wallets: 'spread' | 'hot'
  readonly callers: number
  readonly keys: KeyKind
}

/** What is measured in turns, so that what the machine does meanwhile meets all alike. */
export interface Group {
  readonly name: 'spread' | 'hot' | 'http' | 'holds' | 'limits' | 'keys' | 'pglite' | 'growth' | 'grown-keys'
  readonly cells: readonly Cell[]
}

const callerCounts = [1, 64, 256, 1024]

function cells(way: WayId, wallets: Cell['wallets'], counts = callerCounts, keys: KeyKind = 'v7'): Cell[] {
  return counts.map((callers) => ({ way, wallets, callers, keys }))
}

/** In this order; each in turns within itself. */
export const wholePlan: readonly Group[] = [
  {
    name: 'spread',
    cells: [...cells('usual', 'spread'), ...cells('single', 'spread'), ...cells('engine', 'spread')],
  },
  { name: 'hot', cells: [...cells('usual', 'hot'), ...cells('single', 'hot'), ...cells('engine', 'hot')] },
  {
    name: 'http',
    cells: [...cells('noop', 'spread', [1, 256]), ...cells('http', 'spread'), ...cells('http', 'hot', [256])],
  },
  { name: 'holds', cells: [...cells('holds', 'spread', [1, 256]), ...cells('holds', 'hot', [256])] },
  {
    name: 'limits',
    cells: [...cells('engine', 'spread', [256]), ...cells('limits', 'spread', [256])],
  },
  {
    name: 'keys',
    cells: [...cells('engine', 'spread', [256]), ...cells('random', 'spread', [256], 'v4')],
  },
  { name: 'pglite', cells: [...cells('pglite', 'spread'), ...cells('pglite', 'hot', [256])] },
  {
    name: 'growth',
    cells: [...cells('engine', 'spread', [256]), ...cells('grown', 'spread', [1, 256, 1024])],
  },
  // Last: random keys leave an index behind in which keys in order are no longer at the end.
  { name: 'grown-keys', cells: cells('grown', 'spread', [256], 'v4') },
]

/** What the first six figures need, and nothing else. */
export const quickPlan: readonly Group[] = [
  {
    name: 'spread',
    cells: [
      ...cells('usual', 'spread', [256]),
      ...cells('single', 'spread', [256, 1024]),
      ...cells('engine', 'spread', [256, 1024]),
    ],
  },
  {
    name: 'hot',
    cells: [
      ...cells('usual', 'hot', [256]),
      ...cells('single', 'hot', [256]),
      ...cells('engine', 'hot', [256]),
    ],
  },
  { name: 'http', cells: [...cells('noop', 'spread', [256]), ...cells('http', 'spread', [256])] },
]

/** What a write costs in bytes: these ways, alone, one after the other. */
export const storagePlan: readonly Cell[] = [
  ...cells('single', 'spread', [256]),
  ...cells('engine', 'spread', [256]),
  ...cells('random', 'spread', [256], 'v4'),
  ...cells('holds', 'spread', [256]),
]

export function walletsOf({ wallets }: Cell): number {
  return wallets === 'hot' ? 1 : walletCount
}

/** What one of the choices names: a group, and words (way, wallets, callers, keys) that all must fit. Everything without a choice. */
export function chosen(groups: readonly Group[], choices: readonly string[]): Group[] {
  return groups
    .map((group) => ({ ...group, cells: group.cells.filter((cell) => isChosen(group.name, cell, choices)) }))
    .filter((group) => group.cells.length > 0)
}

export function isChosen(group: string, cell: Cell, choices: readonly string[]): boolean {
  const words = [cell.way, cell.wallets, String(cell.callers), cell.keys]
  return (
    choices.length === 0 ||
    choices.some((choice) => {
      const [name, ...rest] = choice.split(' ')
      return name === group && rest.every((word) => words.includes(word))
    })
  )
}
