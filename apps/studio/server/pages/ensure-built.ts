import { spawn } from 'node:child_process'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const studio = join(import.meta.dirname, '../..')

/** The tools for breaking things are left out of what is built for production, so each kind has its own folder. */
export type PageKind = 'development' | 'production'

export function pagesFolder(kind: PageKind): string {
  return join(studio, 'dist', kind)
}

/** Builds the pages when they are missing or older than their sources; says so, for it takes a few seconds. */
export async function ensureBuilt(kind: PageKind, log: (line: string) => void): Promise<string> {
  const folder = pagesFolder(kind)
  const stamp = join(folder, '.built')
  const [newest, built] = await Promise.all([newestSource(), modified(stamp)])
  if (built > newest) return folder
  log(built === 0 ? 'Building the pages, a few seconds…' : 'The pages changed. Building them again…')
  await rm(folder, { recursive: true, force: true })
  await build(kind)
  await mkdir(folder, { recursive: true })
  await writeFile(stamp, '')
  return folder
}

/** A process of its own: what Vite needs to build would stay in this one's memory for good. */
async function build(kind: PageKind): Promise<void> {
  const script = join(import.meta.dirname, 'build.ts')
  const child = spawn(process.execPath, [...process.execArgv, script, kind], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`The studio's pages could not be built.\n${complaints}`)
}

async function newestSource(): Promise<number> {
  const folders = ['web', 'shared']
  const found = await Promise.all(folders.map((name) => readdir(join(studio, name), { recursive: true })))
  const files = found.flatMap((names, i) => names.map((name) => join(studio, folders[i] ?? '', name)))
  const times = await Promise.all(
    [...files, join(import.meta.dirname, 'build.ts')].map((file) => modified(file)),
  )
  return Math.max(...times)
}

async function modified(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
}
