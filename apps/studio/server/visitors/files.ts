import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rename } from 'node:fs/promises'

export async function readIfThere(path: string): Promise<string | null> {
  const bytes = await readBytesIfThere(path)
  return bytes === null ? null : bytes.toString('utf8')
}

export async function readBytesIfThere(path: string): Promise<Buffer | null> {
  return ifThere(readFile(path))
}

/** What is in a folder; nothing is in one that is not there. */
export async function namesIfThere(path: string): Promise<string[]> {
  return (await ifThere(readdir(path))) ?? []
}

async function ifThere<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Writes a file so that a kill leaves the old one or the new one, and never half of it. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.draft`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
