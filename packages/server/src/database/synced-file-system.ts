import { constants, fdatasyncSync, fsyncSync } from 'node:fs'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/**
 * PGlite's file system on Node, made durable. As shipped it has no way to sync a file, so that a commit would lie in the
 * operating system's cache (PGlite issue #1107). Here an fsync of Postgres becomes an fdatasync of the file, and an fsync of the folder whose
 * names it changed.
 */
export class SyncedFileSystem extends NodeFS {
  readonly #onSync: () => void

  constructor(directory: string, onSync: () => void = () => {}) {
    super(directory)
    this.#onSync = onSync
  }

  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const initialised = await super.init(...args)
    const onSync = this.#onSync
    const syncStream = ({ nfd, node }: NodeStream): number => {
      // A name that is new need not change the size of its folder, and only what a size says is sure to be in an fdatasync.
      if ((node.mode & constants.S_IFMT) === constants.S_IFDIR) fsyncSync(nfd)
      else fdatasyncSync(nfd)
      onSync()
      return 0
    }
    const options = initialised.emscriptenOpts
    options.preRun = [
      ...(options.preRun ?? []),
      (module: unknown) => {
        nodeStreams(module).fsync = syncStream
      },
    ]
    return initialised
  }
}

interface NodeStream {
  /** The file's number in Node. */
  readonly nfd: number
  readonly node: { readonly mode: number }
}

/** Emscripten's table of what a stream on the Node file system can do; the public types do not name it. */
function nodeStreams(module: unknown): { fsync?: (stream: NodeStream) => number } {
  return (module as { NODEFS: { stream_ops: object } }).NODEFS.stream_ops
}
