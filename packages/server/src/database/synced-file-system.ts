import { fdatasyncSync } from 'node:fs'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/**
 * PGlite's file system on Node, made durable. As shipped it has no way to sync a file, so that a commit would lie in the
 * operating system's cache (PGlite issue #1107). Here an fsync of Postgres becomes an fdatasync of the file.
 *
 * Directories are not synced: a power cut in the very moment in which Postgres makes a new file of its log may lose that file.
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
    const syncStream = (stream: { nfd: number }): number => {
      fdatasyncSync(stream.nfd)
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

/** Emscripten's table of what a stream on the Node file system can do; the public types do not name it. */
function nodeStreams(module: unknown): { fsync?: (stream: { nfd: number }) => number } {
  return (module as { NODEFS: { stream_ops: object } }).NODEFS.stream_ops
}
