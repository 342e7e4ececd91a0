import { readFile, writeFile } from 'node:fs/promises'

/**
 * Sets variables in the text of an env file. Lines of others, comments and the order stay; a variable that is there is
 * replaced where it stands, a new one goes to the end.
 */
export function mergeEnvText(text: string, variables: Readonly<Record<string, string>>): string {
  const missing = new Map(Object.entries(variables))
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const merged = lines.map((line) => {
    const [, before = '', name = ''] = /^(\s*(?:export\s+)?)([A-Za-z_]\w*)\s*=/.exec(line) ?? []
    const value = variables[name]
    if (value === undefined) return line
    missing.delete(name)
    return `${before}${name}=${value}`
  })
  if (missing.size > 0) merged.push(...(lines.length > 0 ? [''] : []), '# Written by tallystick dev.')
  for (const [name, value] of missing) merged.push(`${name}=${value}`)
  return merged.join(newline) + newline
}

/**
 * Writes the address and key of the local server for the app in this folder. A live key that stands there is left alone, for
 * it may be the only copy.
 */
export async function writeEnvFile(
  file: string,
  variables: Readonly<Record<string, string>>,
): Promise<'written' | 'unchanged' | 'has-live-key'> {
  const before = await readIfThere(file)
  if (/^\s*(?:export\s+)?TALLYSTICK_API_KEY\s*=\s*["']?tsk_live_/m.test(before)) return 'has-live-key'
  const after = mergeEnvText(before, variables)
  if (after === before) return 'unchanged'
  await writeFile(file, after, { mode: 0o600 })
  return 'written'
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
