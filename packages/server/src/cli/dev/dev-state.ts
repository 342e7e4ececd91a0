import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const schema = z.object({
  api_key: z.string().regex(/^tsk_test_/),
  dodo_api_key: z.string(),
  webhook_secret: z.string().regex(/^whsec_/),
  ports: z.record(z.string(), z.number().int()).default({}),
  /** Of the run that wrote this last: after a crash the next run waits for their end. */
  processes: z.array(z.number().int()).default([]),
})

/** What `tallystick dev` keeps between runs, in `DIR/dev.json`. */
export type DevState = z.infer<typeof schema>

/**
 * Reads the state of a data folder; a folder without one gets fresh keys.
 *
 * @throws Error that names the file when it is not what `tallystick dev` wrote
 */
export async function readDevState(folder: string, randomBytes: (size: number) => Buffer): Promise<DevState> {
  const file = fileOf(folder)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return freshState(randomBytes)
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw new Error(
      `${file} cannot be read. Mend it, or remove it to get new keys and ports (balances are kept elsewhere).`,
      { cause: error },
    )
  }
}

/** Writes it whole or not at all, readable by its owner alone. */
export async function writeDevState(folder: string, state: DevState): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${fileOf(folder)}.${process.pid}.tmp`
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, fileOf(folder))
}

function fileOf(folder: string): string {
  return join(folder, 'dev.json')
}

function freshState(randomBytes: (size: number) => Buffer): DevState {
  return {
    api_key: `tsk_test_${base62(randomBytes, 32)}`,
    dodo_api_key: `dodo_test_${base62(randomBytes, 32)}`,
    // Standard Webhooks takes 24 to 64 bytes as padded base64.
    webhook_secret: `whsec_${randomBytes(33).toString('base64')}`,
    ports: {},
    processes: [],
  }
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function base62(randomBytes: (size: number) => Buffer, length: number): string {
  let text = ''
  while (text.length < length) {
    // Six bits are fair among 64; the two values above 61 are thrown again.
    for (const byte of randomBytes(length)) text += letters[byte & 63] ?? ''
  }
  return text.slice(0, length)
}
