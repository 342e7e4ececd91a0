import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readBytesIfThere, writeWhole } from './files.ts'
import { Visitor } from './visitor.ts'

export interface Visitors {
  readonly secret: Uint8Array
  get(customer: string): Promise<Visitor>
  /** Everybody who has a shelf on this disk. */
  known(): Promise<string[]>
  /** Those who were here since the start. */
  present(): Promise<Visitor[]>
}

/** Opens the studio's folder, and makes the cookies' secret when there is none yet. */
export async function openVisitors(at: {
  folder: string
  now: () => Date
  randomBytes: (count: number) => Uint8Array
}): Promise<Visitors> {
  const folder = join(at.folder, 'visitors')
  await mkdir(folder, { recursive: true })
  const secretFile = join(at.folder, 'cookie-secret')
  const secret = (await readBytesIfThere(secretFile)) ?? at.randomBytes(32)
  await writeWhole(secretFile, secret)
  const loaded = new Map<string, Promise<Visitor>>()
  return {
    secret,
    get(customer) {
      const visitor = loaded.get(customer) ?? Visitor.load(customer, { ...at, folder })
      loaded.set(customer, visitor)
      return visitor
    },
    known: () => readdir(folder),
    present: () => Promise.all(loaded.values()),
  }
}
