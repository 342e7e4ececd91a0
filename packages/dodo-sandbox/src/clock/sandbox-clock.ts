import { readSetting, writeSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

const settingName = 'clock_offset_ms'

/** The sandbox's time: the machine's, moved forward. It can stand still at an instant while work is done there. */
export class SandboxClock {
  readonly #machineNow: () => Date
  #offsetMs = 0
  #stand: Date | undefined

  constructor(machineNow: () => Date) {
    this.#machineNow = machineNow
  }

  readonly now = (): Date => this.#stand ?? new Date(this.#machineNow().getTime() + this.#offsetMs)

  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Takes up the offset that the state was left with. */
  restore(store: Store): void {
    this.#offsetMs = store.transaction((tx) => Number(readSetting(tx, settingName) ?? 0))
  }

  /** Stands still at an instant until `goOn`. The offset is on disk before anything is done at that instant. */
  standAt(store: Store, instant: Date): void {
    this.#offsetMs = instant.getTime() - this.#machineNow().getTime()
    this.#stand = instant
    store.transaction((tx) => writeSetting(tx, settingName, String(this.#offsetMs)))
  }

  /** Goes on from where it stands. */
  goOn(store: Store): void {
    if (this.#stand) this.standAt(store, this.#stand)
    this.#stand = undefined
  }

  /** Does synchronous work at an instant, which may be past, and comes back. */
  at<Result>(instant: Date, work: () => Result): Result {
    const before = this.#stand
    this.#stand = instant
    try {
      return work()
    } finally {
      this.#stand = before
    }
  }
}
