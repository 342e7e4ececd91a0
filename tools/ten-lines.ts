import { readFileSync } from 'node:fs'

const readme = new URL('../README.md', import.meta.url)
const example = new URL('../examples/express-app/app.ts', import.meta.url)

/** The lines of integration as the README shows them: the code block after `<!-- example:ten-lines -->`. */
export function tenLinesOfReadme(): string {
  const text = readFileSync(readme, 'utf8')
  const [, lines] = /<!-- example:ten-lines -->\s*```\w*\n(.*?)\n```/s.exec(text) ?? []
  if (lines === undefined) throw new Error('README.md has no code block after <!-- example:ten-lines -->.')
  return lines
}

/** The same lines where they run: between `// <ten-lines>` and `// </ten-lines>` of the Express example. */
export function tenLinesOfExample(): string {
  const text = readFileSync(example, 'utf8')
  const [, lines] = /^\/\/ <ten-lines>\n(.*?)\n\/\/ <\/ten-lines>$/ms.exec(text) ?? []
  if (lines === undefined)
    throw new Error('examples/express-app/app.ts has no // <ten-lines> … // </ten-lines>.')
  return lines
}
