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

/** The name under which who loads our code is told the edits. */
const editsVariable = 'TALLYSTICK_SABOTAGE'
const edits: Edit[] = JSON.parse(process.env[editsVariable] ?? '[]')
const editsByUrl = Map.groupBy(edits, (edit) => urlOf(edit).href)

/** Whether this process's environment names a fault. */
export const isSabotaged = edits.length > 0

/**
 * The environment in which a Node process, and every one that it starts, runs with the fault: vitest and its tests, too.
 *
 * @throws when the code has changed, so that the fault can no longer be planted
 */
export function environmentWith(fault: Fault): { NODE_OPTIONS: string; [editsVariable]: string } {
  for (const edit of fault.edits) planted(edit, readFileSync(urlOf(edit), 'utf8'))
  const hook = new URL('sabotage-hook.ts', import.meta.url).href
  return { NODE_OPTIONS: `--import=${hook}`, [editsVariable]: JSON.stringify(fault.edits) }
}

/** A source's text with the edits that this process's environment names; undefined when it names none there. */
export function sourceWithFault(url: string): string | undefined {
  return editsByUrl.get(url)?.reduce((text, edit) => planted(edit, text), readFileSync(new URL(url), 'utf8'))
}

function urlOf({ file }: Edit): URL {
  return new URL(`../${file}`, import.meta.url)
}

function planted({ file, find, replace }: Edit, source: string): string {
  const parts = source.split(find)
  if (parts.length !== 2)
    throw new Error(`Sabotage: ${file} has ${parts.length - 1} times what is to be replaced:\n${find}`)
  return parts.join(replace)
}

/**
 * Plants one fault after the other, so many at once, and ends with `planted=… caught=…`. Answers the exit code: 1 when one was not caught.
 *
 * @param hunt looks for one fault in a process of its own, says what it found, and whether it did
 */
export async function plantAll(faults: readonly Fault[], { hunt, atOnce, say }: Planting): Promise<number> {
  const queue = [...faults]
  let caught = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      // One after the other: a core has one at a time.
      // oxlint-disable-next-line no-await-in-loop
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift())
        if (await hunt(fault)) caught += 1
    }),
  )
  say(`planted=${faults.length} caught=${caught}`)
  return caught === faults.length ? 0 : 1
}

export interface Planting {
  readonly hunt: (fault: Fault) => Promise<boolean>
  readonly atOnce: number
  readonly say: (line: string) => void
}

/** Those whose names contain one of the texts; all when there is none. */
export function faultsNamed(faults: readonly Fault[], names: readonly string[]): Fault[] {
  return faults.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)))
}
