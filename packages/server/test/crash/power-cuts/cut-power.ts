import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../random.ts'
import type { DiskEvent, Inode, Recording } from './record-disk.ts'

/** What becomes of everything that was not synced. */
export interface Loss {
  /** Of a hundred writes not yet synced so many are on the disk. */
  readonly writesKeptPercent: number
  /** Of a hundred of those that are, so many only in part: some of their sectors. */
  readonly tornPercent: number
  readonly sectorBytes: number
  /** New names, renamings and removals not yet synced: as many of the first as chance has it, or any of them. */
  readonly names: 'the first' | 'any'
}

export function lossBy(random: Random): Loss {
  return {
    writesKeptPercent: random.oneOf([0, 25, 50, 75, 100]),
    tornPercent: random.oneOf([0, 50, 100]),
    sectorBytes: random.oneOf([512, 4096]),
    names: random.oneOf(['the first', 'any']),
  }
}

export function describeLoss({ writesKeptPercent, tornPercent, sectorBytes, names }: Loss): string {
  const torn = tornPercent === 0 ? '' : `, ${tornPercent} % of them torn at ${sectorBytes}`
  return `of what was not synced, ${writesKeptPercent} % of the writes kept${torn}, ${names} of the names`
}

/** With everything on disk: what the folder held when the events were recorded. */
export const noLoss: Loss = { writesKeptPercent: 100, tornPercent: 0, sectorBytes: 512, names: 'the first' }

export interface CutOptions {
  readonly recording: Recording
  /** The folder as it was before the first event. */
  readonly before: string
  /** How many events had happened. */
  readonly after: number
  readonly loss: Loss
  readonly random: Random
  /** An empty folder for what is left. */
  readonly into: string
}

/** Lays out what is on the disk after the power failed. */
export function cutPower({ recording, before, after, loss, random, into }: CutOptions): void {
  const disk = new Disk(recording.before, before)
  for (const event of recording.events.slice(0, after)) disk.take(event)
  disk.lose(loss, random)
  disk.layOut(into)
}

type NameEvent = Extract<DiskEvent, { kind: 'make' | 'remove' | 'rename' }>
type ContentEvent = Extract<DiskEvent, { kind: 'write' | 'resize' }>

/**
 * A disk and what is on its way to it. Synced is what an fsync promised: of a file its content, its size and its name (as ext4, XFS and Btrfs have
 * it, and as Postgres itself relies on); of a folder the names in it. Everything else may be there or not, in any combination.
 */
class Disk {
  readonly #before: string
  readonly #names: Map<string, Inode>
  readonly #folders = new Map<Inode, string>()
  /** Where the content of a file that was there before is to be read. */
  readonly #sources = new Map<Inode, string>()
  readonly #contents = new Map<Inode, Buffer>()
  #namesToCome: NameEvent[] = []
  readonly #contentsToCome = new Map<Inode, ContentEvent[]>()

  constructor(names: ReadonlyMap<string, Inode>, before: string) {
    this.#before = before
    this.#names = new Map(names)
    for (const [path, inode] of names) (inode.isFolder ? this.#folders : this.#sources).set(inode, path)
  }

  take(event: DiskEvent): void {
    const { kind, inode } = event
    if (kind === 'sync') {
      if (inode.isFolder) this.#syncFolder(inode)
      else this.#syncFile(inode)
    } else if (kind === 'write' || kind === 'resize') {
      const waiting = this.#contentsToCome.get(inode)
      if (waiting === undefined) this.#contentsToCome.set(inode, [event])
      else waiting.push(event)
    } else {
      if (kind === 'make' && inode.isFolder) this.#folders.set(inode, event.path)
      this.#namesToCome.push(event)
    }
  }

  lose(loss: Loss, random: Random): void {
    const first = random.below(this.#namesToCome.length + 1)
    for (const [place, event] of this.#namesToCome.entries())
      if (loss === noLoss || (loss.names === 'any' ? random.chance(2) : place < first)) this.#rename(event)
    for (const [inode, waiting] of this.#contentsToCome) {
      for (const event of waiting) {
        if (random.below(100) >= loss.writesKeptPercent) continue
        const isTorn = event.kind === 'write' && random.below(100) < loss.tornPercent
        if (isTorn) for (const part of sectorsOf(event, loss.sectorBytes, random)) this.#write(inode, part)
        else this.#write(inode, event)
      }
    }
  }

  layOut(into: string): void {
    for (const [path, inode] of [...this.#names].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (path === '') continue
      const target = join(into, path)
      // A file whose folder was lost is lost with it.
      if (this.#names.get(parentOf(path))?.isFolder !== true) {
        this.#names.delete(path)
        continue
      }
      const content = this.#contents.get(inode)
      const source = this.#sources.get(inode)
      if (inode.isFolder) mkdirSync(target, { mode: inode.mode })
      else if (content === undefined && source !== undefined) copyFileSync(join(this.#before, source), target)
      else writeFileSync(target, content ?? '', { mode: inode.mode })
    }
  }

  #syncFile(inode: Inode): void {
    for (const event of this.#contentsToCome.get(inode) ?? []) this.#write(inode, event)
    this.#contentsToCome.delete(inode)
    const folders = new Set<string>()
    for (const event of this.#namesToCome)
      if (event.inode === inode) for (const path of foldersAbove(event.path)) folders.add(path)
    this.#nameThose((event) => event.inode === inode || (event.kind === 'make' && folders.has(event.path)))
  }

  #syncFolder(inode: Inode): void {
    const path = this.#folders.get(inode)
    this.#nameThose((event) => parentOf(event.path) === path || event.inode === inode)
  }

  #nameThose(isSynced: (event: NameEvent) => boolean): void {
    const [synced, rest] = [
      this.#namesToCome.filter(isSynced),
      this.#namesToCome.filter((one) => !isSynced(one)),
    ]
    for (const event of synced) this.#rename(event)
    this.#namesToCome = rest
  }

  #rename(event: NameEvent): void {
    const { inode, path } = event
    if (event.kind === 'make') this.#names.set(path, inode)
    // Somebody else may have the name by now.
    else if (this.#names.get(path) === inode) this.#names.delete(path)
    if (event.kind === 'rename') this.#names.set(event.to, inode)
  }

  #write(inode: Inode, event: ContentEvent): void {
    let content = this.#contentOf(inode)
    if (event.kind === 'resize') {
      content = resized(content, event.size)
    } else {
      const end = event.at + event.data.length
      if (end > content.length) content = resized(content, end)
      event.data.copy(content, event.at)
    }
    this.#contents.set(inode, content)
  }

  #contentOf(inode: Inode): Buffer {
    const known = this.#contents.get(inode)
    if (known !== undefined) return known
    const source = this.#sources.get(inode)
    return source === undefined ? Buffer.alloc(0) : readFileSync(join(this.#before, source))
  }
}

function resized(content: Buffer, size: number): Buffer {
  if (size <= content.length) return Buffer.from(content.subarray(0, size))
  const grown = Buffer.alloc(size)
  content.copy(grown)
  return grown
}

/** Of a write, some of the sectors that it covers. */
function sectorsOf(
  { inode, at, data }: Extract<DiskEvent, { kind: 'write' }>,
  sectorBytes: number,
  random: Random,
): ContentEvent[] {
  const parts: ContentEvent[] = []
  for (let from = at; from < at + data.length; ) {
    const to = Math.min(at + data.length, (Math.floor(from / sectorBytes) + 1) * sectorBytes)
    if (random.chance(2))
      parts.push({ kind: 'write', inode, at: from, data: data.subarray(from - at, to - at) })
    from = to
  }
  return parts
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

function foldersAbove(path: string): string[] {
  const parent = parentOf(path)
  return parent === '' ? [] : [parent, ...foldersAbove(parent)]
}
