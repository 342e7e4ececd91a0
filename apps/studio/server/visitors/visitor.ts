import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job, LifeEvent, LifeNode, StudioEvent } from '../../shared/api.ts'
import { namesIfThere, readIfThere, writeWhole } from './files.ts'

// A visitor's shelf: older pictures make room for newer ones.
const jobsMax = 24
// What the drawer shows; the file is cut down to that when it is read.
const lifeEventsMax = 200

export interface OpenOrder {
  order: string
  opened_at: string
}

/** A picture has one run at a time. */
export class RunsAlready extends Error {
  override readonly name = 'RunsAlready'
}

interface Surroundings {
  folder: string
  now: () => Date
  randomBytes: (count: number) => Uint8Array
}

/**
 * One customer's shelf: pictures, orders under way, and what happened. All of it lies on disk, and survives a kill. The
 * folder comes with the first thing that is put into it.
 */
export class Visitor {
  readonly customer: string
  readonly #at: Surroundings
  readonly #listeners = new Set<(event: StudioEvent) => void>()
  readonly #runs = new Map<string, AbortController>()
  #jobs: Job[] = []
  #keeping: Promise<void> = Promise.resolve()
  #recording: Promise<void> = Promise.resolve()
  #life: LifeEvent[] = []
  #openOrders: OpenOrder[] = []

  private constructor(customer: string, at: Surroundings) {
    this.customer = customer
    this.#at = at
  }

  static async load(customer: string, at: Surroundings): Promise<Visitor> {
    const visitor = new Visitor(customer, at)
    const names = await namesIfThere(visitor.#path('jobs'))
    const jobs = await Promise.all(names.map((name) => readIfThere(visitor.#path('jobs', name, 'job.json'))))
    visitor.#jobs = jobs
      .filter((text) => text !== null)
      .map((text) => JSON.parse(text) as Job)
      .sort((a, b) => b.created_at.localeCompare(a.created_at))
    const lines = ((await readIfThere(visitor.#path('life.ndjson'))) ?? '')
      .split('\n')
      .filter((line) => line !== '')
    visitor.#life = lines.slice(-lifeEventsMax).flatMap((line) => parseLine(line))
    if (lines.length > lifeEventsMax) {
      const kept = visitor.#life.map((event) => `${JSON.stringify(event)}\n`)
      await writeWhole(visitor.#path('life.ndjson'), kept.join(''))
    }
    visitor.#openOrders = JSON.parse((await readIfThere(visitor.#path('orders.json'))) ?? '[]') as OpenOrder[]
    return visitor
  }

  /** Newest first. */
  get jobs(): readonly Job[] {
    return this.#jobs
  }

  get life(): readonly LifeEvent[] {
    return this.#life
  }

  get openOrders(): readonly OpenOrder[] {
    return this.#openOrders
  }

  listen(listener: (event: StudioEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(event: StudioEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  job(id: string): Job | undefined {
    return this.#jobs.find((job) => job.id === id)
  }

  async addJob(job: Job, before: Uint8Array): Promise<void> {
    await mkdir(this.#path('jobs', job.id), { recursive: true })
    await writeFile(this.picture(job.id, 'before'), before)
    await this.#keep(job)
    this.#jobs.unshift(job)
    this.tell({ type: 'job', job })
    const tooMany = this.#jobs.slice(jobsMax).filter((old) => old.state === 'done' || old.state === 'failed')
    await Promise.all(tooMany.map((old) => this.removeJob(old.id)))
  }

  /** Changes a job on disk and tells the page; a change of `progress` alone is told but not written. */
  async changeJob(id: string, change: Partial<Job>): Promise<Job> {
    const at = this.#jobs.findIndex((job) => job.id === id)
    const old = this.#jobs[at]
    if (old === undefined) throw new Error(`There is no picture ${id} here any more.`)
    const job = { ...old, ...change }
    this.#jobs[at] = job
    const onlyProgress = Object.keys(change).every((key) => key === 'progress')
    if (!onlyProgress) await this.#keep(job)
    this.tell({ type: 'job', job })
    return job
  }

  async removeJob(id: string): Promise<void> {
    this.#jobs = this.#jobs.filter((job) => job.id !== id)
    await rm(this.#path('jobs', id), { recursive: true, force: true, maxRetries: 3 })
    this.tell({ type: 'removed', id })
  }

  picture(id: string, which: 'before' | 'after'): string {
    return this.#path('jobs', id, `${which}.png`)
  }

  async readPicture(id: string, which: 'before' | 'after'): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await readFile(this.picture(id, which)))
  }

  /**
   * Works on a job, and changes it to what the work comes to. The run counts from the moment of this call. It ends in the
   * same moment as the job changes, for who sees a picture wait may let it go on at once.
   *
   * @throws RunsAlready
   * @throws whatever the work threw; the job stays as it is then
   */
  async run(id: string, work: (stopped: AbortSignal) => Promise<Partial<Job>>): Promise<Job> {
    if (this.#runs.has(id)) throw new RunsAlready(`The picture ${id} is being made already.`)
    const controller = new AbortController()
    this.#runs.set(id, controller)
    let change: Partial<Job>
    try {
      change = await work(controller.signal)
    } finally {
      this.#runs.delete(id)
    }
    return this.changeJob(id, change)
  }

  get running(): number {
    return this.#runs.size
  }

  isRunning(id: string): boolean {
    return this.#runs.has(id)
  }

  stop(id: string, reason: Error): void {
    this.#runs.get(id)?.abort(reason)
  }

  record(node: LifeNode, title: string, facts: unknown, raw?: LifeEvent['raw']): void {
    const id = Buffer.from(this.#at.randomBytes(9)).toString('base64url')
    const event: LifeEvent = { id, at: this.#at.now().toISOString(), node, title, facts, ...(raw && { raw }) }
    this.#life.push(event)
    if (this.#life.length > lifeEventsMax) this.#life.shift()
    this.tell({ type: 'life', event })
    // The drawer's record is for looking at: losing its last line in a crash costs nobody anything.
    this.#recording = this.#recording.then(() => this.#append(event)).catch(() => {})
  }

  async openOrder(order: OpenOrder): Promise<void> {
    this.#openOrders.push(order)
    await this.#keepOrders()
  }

  async closeOrder(id: string): Promise<void> {
    this.#openOrders = this.#openOrders.filter((open) => open.order !== id)
    await this.#keepOrders()
  }

  #keep(job: Job): Promise<void> {
    return this.#inTurn(() => writeWhole(this.#path('jobs', job.id, 'job.json'), JSON.stringify(job)))
  }

  #keepOrders(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#makeFolder()
      await writeWhole(this.#path('orders.json'), JSON.stringify(this.#openOrders))
    })
  }

  /** One after the other, so that of two changes the later one is what lies on disk. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const kept = this.#keeping.then(write)
    this.#keeping = kept.catch(() => {})
    return kept
  }

  async #append(event: LifeEvent): Promise<void> {
    await this.#makeFolder()
    await appendFile(this.#path('life.ndjson'), `${JSON.stringify(event)}\n`)
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#path(), { recursive: true })
  }

  #path(...parts: string[]): string {
    return join(this.#at.folder, this.customer, ...parts)
  }
}

/** The last line may be cut short by a kill. */
function parseLine(line: string): LifeEvent[] {
  try {
    return [JSON.parse(line) as LifeEvent]
  } catch {
    return []
  }
}
