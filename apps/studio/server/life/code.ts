import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodeExcerpt, LifeNode } from '../../shared/api.ts'

const sources = ['jobs/develop-picture.ts', 'orders/start-checkout.ts', 'orders/watch-order.ts']
const serverFolder = join(import.meta.dirname, '..')

/** The lines of this studio's source between `#region life:NODE` and its end: what is shown is what runs. */
export async function readCode(): Promise<Partial<Record<LifeNode, CodeExcerpt[]>>> {
  const excerpts: Partial<Record<LifeNode, CodeExcerpt[]>> = {}
  const texts = await Promise.all(sources.map((file) => readFile(join(serverFolder, file), 'utf8')))
  for (const [i, file] of sources.entries()) {
    for (const { nodes, line, text } of regionsOf(texts[i] ?? '')) {
      for (const node of nodes) {
        const excerpt = { file: `apps/studio/server/${file}`, line, text }
        excerpts[node] = [...(excerpts[node] ?? []), excerpt]
      }
    }
  }
  return excerpts
}

interface Region {
  nodes: LifeNode[]
  /** The number of the region's first line of code. */
  line: number
  text: string
}

/** The marked regions of a source file, without the markers and without what is said to the linter. */
export function regionsOf(source: string): Region[] {
  const lines = source.split('\n')
  const regions: Region[] = []
  let begun: { nodes: LifeNode[]; line: number } | null = null
  for (const [i, line] of lines.entries()) {
    const marks = /^\s*\/\/ #region (life:.+)$/.exec(line)?.[1]
    if (marks !== undefined) {
      begun = { nodes: marks.split(' ').map((mark) => mark.replace('life:', '') as LifeNode), line: i + 2 }
    } else if (begun !== null && /^\s*\/\/ #endregion/.test(line)) {
      regions.push({ ...begun, text: unindented(lines.slice(begun.line - 1, i)) })
      begun = null
    }
  }
  return regions
}

function unindented(lines: string[]): string {
  const code = lines.filter((line) => !line.includes('oxlint-disable'))
  const indents = code
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const least = Math.min(...indents)
  return code.map((line) => line.slice(least)).join('\n')
}
