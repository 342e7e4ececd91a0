/**
 * Everything that PGlite does to its folder passes through `node:fs`, in this process and one after the other: here it is written down, in order,
 * with every sync. What a power cut at any point would leave can then be worked out as often as wanted (`cut-power.ts`).
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join, relative, resolve } from 'node:path'

/** A file or a folder, whatever its name is at the time. */
export interface Inode {
  readonly id: number
  readonly isFolder: boolean
  mode: number
}

export type DiskEvent =
  | { readonly kind: 'make'; readonly inode: Inode; readonly path: string }
  | { readonly kind: 'remove'; readonly inode: Inode; readonly path: string }
  | { readonly kind: 'rename'; readonly inode: Inode; readonly path: string; readonly to: string }
  | { readonly kind: 'write'; readonly inode: Inode; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'resize'; readonly inode: Inode; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: Inode }

export interface Recording {
  /** What was in the folder before the first event, by path. The folder itself has the path ''. */
  readonly before: ReadonlyMap<string, Inode>
  /** Grows as things happen. */
  readonly events: readonly DiskEvent[]
  /** Ends the recording. */
  stop(): void
}

/** SQLite's lock of the folder, which holds nothing and does not pass through here. */
export const lockFile = 'lock.sqlite'

export function recordDisk(folder: string): Recording {
  const root = resolve(folder)
  const events: DiskEvent[] = []
  const tree = new Map<string, Inode>()
  const open = new Map<number, Inode>()
  let inodes = 0

  function newInode(isFolder: boolean, mode: number): Inode {
    inodes += 1
    return { id: inodes, isFolder, mode }
  }

  /** Undefined for what is not in the folder. */
  function pathIn(path: fs.PathLike): string | undefined {
    const inside = relative(root, resolve(String(path)))
    return inside.startsWith('..') || inside.startsWith(lockFile) ? undefined : inside
  }

  function inodeAt(path: fs.PathLike): Inode | undefined {
    const inside = pathIn(path)
    return inside === undefined ? undefined : tree.get(inside)
  }

  function make(path: fs.PathLike, isFolder: boolean, mode: number): Inode | undefined {
    const inside = pathIn(path)
    if (inside === undefined) return undefined
    const inode = tree.get(inside) ?? newInode(isFolder, mode)
    if (!tree.has(inside)) events.push({ kind: 'make', inode, path: inside })
    tree.set(inside, inode)
    return inode
  }

  function remove(path: fs.PathLike): void {
    const inside = pathIn(path)
    if (inside === undefined) return
    const below = [...tree].filter(([name]) => name === inside || name.startsWith(`${inside}/`))
    // What is in a folder goes before it.
    for (const [name, inode] of below.toSorted(([a], [b]) => b.length - a.length)) {
      tree.delete(name)
      events.push({ kind: 'remove', inode, path: name })
    }
  }

  function write(inode: Inode | undefined, at: number, data: Uint8Array): void {
    if (inode !== undefined) events.push({ kind: 'write', inode, at, data: Buffer.from(data) })
  }

  function resize(inode: Inode | undefined, size: number): void {
    if (inode !== undefined) events.push({ kind: 'resize', inode, size })
  }

  function sync(inode: Inode | undefined): void {
    if (inode !== undefined) events.push({ kind: 'sync', inode })
  }

  tree.set('', newInode(true, fs.statSync(root).mode))
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const inside = pathIn(path)
    if (inside !== undefined) tree.set(inside, newInode(entry.isDirectory(), fs.statSync(path).mode))
  }
  const before = new Map(tree)

  const real = { ...fs }
  const watched = {
    openSync: (...args: Parameters<typeof fs.openSync>) => {
      const file = real.openSync(...args)
      const inode = inodeAt(args[0])
      if (inode !== undefined) open.set(file, inode)
      return file
    },
    closeSync: (file: number) => {
      real.closeSync(file)
      open.delete(file)
    },
    writeSync: (file: number, buffer: Uint8Array, offset: number, length: number, position: number) => {
      const written = real.writeSync(file, buffer, offset, length, position)
      write(open.get(file), position, buffer.subarray(offset, offset + written))
      return written
    },
    fsyncSync: (file: number) => {
      real.fsyncSync(file)
      sync(open.get(file))
    },
    fdatasyncSync: (file: number) => {
      real.fdatasyncSync(file)
      sync(open.get(file))
    },
    ftruncateSync: (file: number, size: number) => {
      real.ftruncateSync(file, size)
      resize(open.get(file), size)
    },
    truncateSync: (path: fs.PathLike, size: number) => {
      real.truncateSync(path, size)
      resize(inodeAt(path), size)
    },
    mkdirSync: (path: fs.PathLike, options?: fs.MakeDirectoryOptions | number) => {
      const made = real.mkdirSync(path, options as fs.MakeDirectoryOptions)
      make(path, true, real.statSync(path).mode)
      return made
    },
    writeFileSync: (path: fs.PathLike, data: string, options?: { mode?: number; flush?: boolean }) => {
      real.writeFileSync(path, data, options)
      const inode = make(path, false, real.statSync(path).mode)
      resize(inode, 0)
      if (data !== '') write(inode, 0, Buffer.from(data))
      if (options?.flush === true) sync(inode)
    },
    renameSync: (from: fs.PathLike, to: fs.PathLike) => {
      real.renameSync(from, to)
      const [path, next] = [pathIn(from), pathIn(to)]
      const inode = path === undefined ? undefined : tree.get(path)
      if (path === undefined || next === undefined || inode === undefined) return
      if (inode.isFolder) throw new Error('The model knows no folder that is renamed.')
      tree.delete(path)
      tree.set(next, inode)
      events.push({ kind: 'rename', inode, path, to: next })
    },
    unlinkSync: (path: fs.PathLike) => {
      real.unlinkSync(path)
      remove(path)
    },
    rmdirSync: (path: fs.PathLike) => {
      real.rmdirSync(path)
      remove(path)
    },
    rmSync: (path: fs.PathLike, options?: fs.RmOptions) => {
      real.rmSync(path, options)
      remove(path)
    },
    chmodSync: (path: fs.PathLike, mode: number) => {
      real.chmodSync(path, mode)
      const inode = inodeAt(path)
      // Who may read what is no matter of a power cut here.
      if (inode !== undefined) inode.mode = mode
    },
  }
  Object.assign(fs, watched)
  syncBuiltinESMExports()

  return {
    before,
    events,
    stop: () => {
      for (const name of Object.keys(watched)) Object.assign(fs, { [name]: Reflect.get(real, name) })
      syncBuiltinESMExports()
    },
  }
}
