import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readBytesIfThere, writeWhole } from './files.ts'
import { Visitor } from './visitor.ts'

export interface Visitors {
  readonly secret: Uint8Array
  get(customer: string): Promise<Visitor>
  /** Everybody who has a shelf on this disk. */
  known(): Promise<string[]>
  /** Those in memory: whoever has a page open is among them. */
  present(): Visitor[]
}

// Who was here lately is not read from disk again.
const keptDefault = 200

/** Opens the studio's folder, and makes the cookies' secret when there is none yet. */
export async function openVisitors(at: {
  folder: string
  now: () => Date
  randomBytes: (count: number) => Uint8Array
  keptMax?: number
}): Promise<Visitors> {
  const folder = join(at.folder, 'visitors')
  await mkdir(folder, { recursive: true })
  const secretFile = join(at.folder, 'cookie-secret')
  const secret = (await readBytesIfThere(secretFile)) ?? at.randomBytes(32)
  await writeWhole(secretFile, secret)
  const crowd = new Crowd((customer) => Visitor.load(customer, { ...at, folder }), at.keptMax ?? keptDefault)
  return {
    secret,
    get: (customer) => crowd.get(customer),
    known: () => readdir(folder),
    present: () => crowd.present(),
  }
}

/**
 * The visitors in memory, each of them once: two of the same shelf would write over each other. The latest are kept;
 * others are found for as long as anything holds on to them, a run, a page that listens or a watched order.
 */
class Crowd {
  readonly #load: (customer: string) => Promise<Visitor>
  readonly #keptMax: number
  readonly #kept = new Map<string, Visitor>()
  readonly #loading = new Map<string, Promise<Visitor>>()
  readonly #alive = new Map<string, WeakRef<Visitor>>()
  readonly #gone = new FinalizationRegistry<string>((customer) => {
    // They may have come back since.
    if (this.#alive.get(customer)?.deref() === undefined) this.#alive.delete(customer)
  })

  constructor(load: (customer: string) => Promise<Visitor>, keptMax: number) {
    this.#load = load
    this.#keptMax = keptMax
  }

  async get(customer: string): Promise<Visitor> {
    const visitor = this.#alive.get(customer)?.deref() ?? (await this.#loadOnce(customer))
    this.#keep(visitor)
    return visitor
  }

  present(): Visitor[] {
    return [...this.#alive.values()].flatMap((reference) => reference.deref() ?? [])
  }

  #loadOnce(customer: string): Promise<Visitor> {
    const under = this.#loading.get(customer)
    if (under !== undefined) return under
    const loading = this.#load(customer)
      .then((visitor) => {
        this.#alive.set(customer, new WeakRef(visitor))
        this.#gone.register(visitor, customer)
        return visitor
      })
      .finally(() => this.#loading.delete(customer))
    this.#loading.set(customer, loading)
    return loading
  }

  /** The latest last, so that the first is the one to let go. */
  #keep(visitor: Visitor): void {
    this.#kept.delete(visitor.customer)
    this.#kept.set(visitor.customer, visitor)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#keptMax && oldest !== undefined) this.#kept.delete(oldest)
  }
}
