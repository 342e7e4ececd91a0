/**
 * A migrated PGlite, dumped: a database in memory that starts from it waits for neither initdb nor the migrations, which take three quarters of the
 * time. The published package carries one; where it is missing, as in the sources, it is made once and kept for the user in the temporary folder.
 */
import { createHash, randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip, gzip, type ZlibOptions } from 'node:zlib'
import type { PGlite } from '@electric-sql/pglite'
import { z } from 'zod'
import { dayMs } from '../kernel/time.ts'
import { migrate } from './open-database.ts'
import { openPglite } from './pglite.ts'

const here = fileURLToPath(import.meta.url)

let loading: Promise<Blob> | undefined

/** Read once a process. */
export function migratedSnapshot(): Promise<Blob> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<Blob> {
  const name = await snapshotName()
  const user = process.getuid?.() ?? 'user'
  return loadSnapshot({
    name,
    shippedIn: dirname(here),
    keptIn: join(tmpdir(), `tallystick-snapshots-${user}`),
    make: makeSnapshot,
  })
}

export interface SnapshotPlaces {
  /** Of the file. Another content has another name. */
  readonly name: string
  readonly shippedIn: string
  /** Made when missing. */
  readonly keptIn: string
  /** Gzipped. */
  readonly make: () => Promise<Uint8Array>
}

/** From the first place that has a whole one; else made and kept. Several processes may do so at once. */
export async function loadSnapshot({ name, shippedIn, keptIn, make }: SnapshotPlaces): Promise<Blob> {
  const shipped = await unpacked(join(shippedIn, name))
  if (shipped !== undefined) return new Blob([shipped])
  const isOurs = await privateFolder(keptIn)
  const kept = isOurs ? await unpacked(join(keptIn, name)) : undefined
  if (kept !== undefined) return new Blob([kept])
  const packed = await make()
  if (isOurs) await keep(keptIn, name, packed)
  return new Blob([await unpack(packed)])
}

function unpack(packed: Uint8Array) {
  return promisify<Uint8Array, ZlibOptions, Uint8Array<ArrayBuffer>>(gunzip)(packed, { chunkSize: 1 << 22 })
}

/** A missing file, and one that was cut short, are made anew. */
async function unpacked(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await unpack(await readFile(file))
  } catch {
    return undefined
  }
}

/** Whether nobody else can write to it. The temporary folder is everybody's, and who comes first may have put another's database there. */
async function privateFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { mode, uid } = await lstat(folder)
    const isFolder = (mode & 0o170000) === 0o040000
    // Windows has neither uid nor modes; its temporary folder is the user's own.
    return isFolder && (process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0))
  } catch {
    return false
  }
}

// Every edit of a migration leaves one behind, and a process that is killed its draft.
const keptDays = 7

/** Keeping only saves time: a full or read-only disk is no reason to fail. */
async function keep(folder: string, name: string, packed: Uint8Array): Promise<void> {
  const draft = join(folder, `${name}.${randomUUID()}`)
  try {
    await writeFile(draft, packed, { mode: 0o600 })
    await rename(draft, join(folder, name))
    for (const file of (await readdir(folder)).map((entry) => join(folder, entry))) {
      // oxlint-disable-next-line no-await-in-loop
      const { mtimeMs } = await lstat(file)
      // oxlint-disable-next-line no-await-in-loop
      if (Date.now() - mtimeMs > keptDays * dayMs) await rm(file, { force: true })
    }
  } catch {
    await rm(draft, { force: true }).catch(() => {})
  }
}

const manifestSchema = z.object({ version: z.string() })

/** Named after all that it depends on: the migrations, PGlite, this package, and how it is made. */
export async function snapshotName(): Promise<string> {
  const hash = createHash('sha256')
  // oxlint-disable-next-line no-await-in-loop
  for (const manifest of [join(here, '../../../package.json'), pgliteManifest()])
    hash.update(`${manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8'))).version}\n`)
  const folder = join(here, '../migrations')
  const extension = extname(here)
  const migrations = (await readdir(folder)).filter(
    (file) => file.endsWith(extension) && !file.endsWith('.d.ts'),
  )
  // oxlint-disable-next-line no-await-in-loop
  for (const file of [...migrations.sort().map((name) => join(folder, name)), here])
    hash.update(`${file.slice(dirname(here).length)}\n`).update(await readFile(file))
  return `snapshot-${hash.digest('hex').slice(0, 32)}.tar.gz`
}

/** Its manifest is not among its exports. */
function pgliteManifest(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), '../package.json')
}

/** Gzipped. */
export async function makeSnapshot(): Promise<Uint8Array> {
  const database = await openPglite({ dataDir: undefined })
  const { pglite } = database
  try {
    await migrate(database.kysely)
    // Two of the three databases of a new Postgres are templates for further ones: 14 of 40 MB, which would be unpacked at each start.
    await pglite.exec('update pg_database set datistemplate = false')
    await pglite.exec('drop database template0')
    await pglite.exec('drop database template1')
    await shortenLog(pglite)
    const dumped = await pglite.dumpDataDir('none')
    return await promisify(gzip)(await dumped.arrayBuffer(), { level: 9 })
  } finally {
    await database.close()
  }
}

/**
 * Postgres reserves 16 MB for its log in advance, and has filled half of that by now. After a checkpoint it needs none of the segments before the
 * present one, and of that only what is written: what follows is read as the log's end.
 */
async function shortenLog(pglite: PGlite): Promise<void> {
  await pglite.exec('select pg_switch_wal()')
  await pglite.exec('checkpoint')
  const { rows } = await pglite.query<{ file_name: string; file_offset: number }>(
    'select * from pg_walfile_name_offset(pg_current_wal_insert_lsn())',
  )
  const { FS } = pglite.Module
  const folder = '/pglite/data/pg_wal'
  for (const name of FS.readdir(folder).filter((file: string) => /^[0-9A-F]{24}$/.test(file))) {
    const current = rows.find((row) => row.file_name === name)
    if (current === undefined) FS.unlink(`${folder}/${name}`)
    else FS.truncate(`${folder}/${name}`, current.file_offset + logTailBytes)
  }
}

// A few pages of zeros, so that the end is found within the file.
const logTailBytes = 64 * 1024
