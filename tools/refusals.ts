/** Writes docs/refusals.md from the definitions of the refusals; `--check` compares instead. */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

interface Definition {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly help: string
}

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/refusals.md')

const head = `# Refusals

A refusal is an answer: the request was understood, and no. Nothing was changed. It comes as \`application/problem+json\` with \`type\`, \`title\`, \`status\`, \`detail\`
(what was wrong, and what to do), \`instance\` (the request's id, also in the server's log), \`code\`, and the facts. Programs compare \`code\`, which never changes.

This page is written from the definitions in the code by \`node --conditions=source tools/refusals.ts\`.
`

/** Every refusal that a module of the server defines, by its code. */
export async function definitions(): Promise<Definition[]> {
  const files = globSync('packages/server/src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).filter(
    (file) => readFileSync(join(root, file), 'utf8').includes('= refusal'),
  )
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(root, file)).href) as Promise<Record<string, unknown>>),
  )
  const byCode = new Map<string, Definition>()
  for (const exported of modules.flatMap((module) => Object.values(module))) {
    const definition = definitionOf(exported)
    if (definition !== undefined) byCode.set(definition.code, definition)
  }
  return [...byCode.values()].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1))
}

function definitionOf(exported: unknown): Definition | undefined {
  return typeof exported === 'function' && 'definition' in exported
    ? (exported.definition as Definition)
    : undefined
}

function pageOf(all: readonly Definition[]): string {
  const sections = all.map(
    ({ code, status, title, help }) => `## ${code}\n\n**${status}** ${title}. ${help}\n`,
  )
  return [head, ...sections].join('\n')
}

if (import.meta.main) {
  const written = pageOf(await definitions())
  if (!process.argv.includes('--check')) writeFileSync(page, written)
  else if (readFileSync(page, 'utf8') !== written) {
    console.error('docs/refusals.md is stale. Run: node --conditions=source tools/refusals.ts')
    process.exitCode = 1
  }
}
