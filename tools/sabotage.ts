import { readFileSync } from 'node:fs'

/** A fault to be planted in our own code, to see that a proof finds it. The files stay as they are: the text is changed as it is loaded. */
export interface Fault {
  /** In a few words, as it is printed. */
  readonly name: string
  readonly edits: readonly Edit[]
}

export interface Edit {
  /** From the repository's folder. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

/** The name under which the hook is told its edits. */
export const editsVariable = 'TALLYSTICK_SABOTAGE'

/**
 * The environment in which a Node process, and every one that it starts, runs with the fault.
 *
 * @throws when the code has changed, so that the fault can no longer be planted
 */
export function environmentWith(fault: Fault): { NODE_OPTIONS: string; [editsVariable]: string } {
  for (const edit of fault.edits) planted(edit, readFileSync(urlOf(edit), 'utf8'))
  const hook = new URL('sabotage-hook.ts', import.meta.url).href
  return { NODE_OPTIONS: `--import=${hook}`, [editsVariable]: JSON.stringify(fault.edits) }
}

export function urlOf({ file }: Edit): URL {
  return new URL(`../${file}`, import.meta.url)
}

/** @throws when what is to be replaced is not there exactly once */
export function planted({ file, find, replace }: Edit, source: string): string {
  const parts = source.split(find)
  if (parts.length !== 2)
    throw new Error(`Sabotage: ${file} has ${parts.length - 1} times what is to be replaced:\n${find}`)
  return parts.join(replace)
}
