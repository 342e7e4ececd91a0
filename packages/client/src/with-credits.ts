import { decimalText, isMore, isZero } from './amounts.ts'
import type { Api, HoldInput } from './api/client.ts'
import { TallystickError, TallystickUnavailableError } from './api/errors.ts'
import { newIdempotencyKey } from './api/idempotency-key.ts'
import { briefly, type Surroundings, unlessAborted } from './api/surroundings.ts'
import type { Balance, Capture, Hold, LotShare } from './api/wire.ts'
import type { CatalogShape } from './catalog.ts'

export type WithCreditsInput<C extends CatalogShape> = HoldInput<C> & {
  /** Ends the run with the signal's reason and gives the credits back. */
  signal?: AbortSignal | undefined
  /** Ends the run with a `TimeoutError` after that long and gives the credits back. No limit unless given. */
  timeoutMs?: number | undefined
}

/** What the run works under. */
export interface HeldCredits {
  hold: Hold
  /** Aborts when the caller's signal does, or when `timeoutMs` is over: pass it on to the model. */
  signal: AbortSignal
  /** Says how much of the hold was used; the rest is given back. All of it unless called; the last call counts. */
  use: (credits: string | number) => void
  /**
   * The same, and tells the server, should this process die: a hold placed with `on_lapse: 'charge_checkpoint'` then charges so much.
   * Never rejects: what the server did not hear the capture makes up for.
   */
  checkpoint: (credits: string | number) => Promise<void>
}

export interface Receipt {
  hold: string
  held: string
  used: string
  unit: string
  paid_from: LotShare[]
  balance: Balance
  /** False when the credits could not be taken: `onAccountingError` was told, and the figures are what should have been. */
  settled: boolean
}

export interface AccountingTrouble {
  step: 'capture' | 'release'
  hold: Hold
  /** What should have been captured; "0" for a release. */
  credits: string
  /** True while the client goes on trying in the background; a last call with false follows if that comes to nothing. */
  retrying: boolean
}

/** Told when credits could not be settled. The result is not affected, and neither is it by what this function throws. */
export type OnAccountingError = (error: unknown, trouble: AccountingTrouble) => void

interface Parts<C extends CatalogShape> {
  api: Pick<Api<C>, 'hold' | 'capture' | 'release' | 'checkpoint' | 'extend' | 'getHold'>
  surroundings: Surroundings
  onAccountingError: OnAccountingError
}

const defaultExpirySeconds = 300
// Beyond the run's own limit a hold must outlive the retries of its capture.
const expiryMarginSeconds = 60
const longestExpirySeconds = 86_400
// A run that nobody limited keeps its hold alive, as long as the longest hold could live from the start.
const extendEveryMs = (defaultExpirySeconds * 1000) / 2
const extendForMs = longestExpirySeconds * 1000
// A caller who failed should see the credits back, but not wait long for it.
const releaseWaitMs = 1_000
// A server that is away is asked again after 5, 10, 20, … 60 seconds, for five minutes in all: longer than a restart.
const backgroundFirstDelayMs = 5_000
const backgroundLongestDelayMs = 60_000
const backgroundForMs = 300_000

/**
 * Holds the credits, runs, and captures them; gives them back when the run throws, is aborted or takes too long. A
 * process that dies in between leaves a hold that lapses by itself.
 *
 * A result is never lost to accounting: if the capture fails, the result is returned all the same with
 * `receipt.settled` false. The hold of a run without limits is extended while it runs; one that lapsed during a run is charged
 * afterwards, as far as credits go. A run that used more than it held is charged what it held, and the excess is told; where that is
 * observed it is charged as far as credits go, and what the hold was short of is told to nobody.
 *
 * @throws InsufficientCreditsError and TallystickError from placing the hold; the run has not begun then
 * @throws whatever the run threw, unchanged; the signal's reason; a `TimeoutError`
 */
export function createWithCredits<C extends CatalogShape>(parts: Parts<C>) {
  return async function withCredits<T>(
    input: WithCreditsInput<C>,
    run: (held: HeldCredits) => T | Promise<T>,
  ): Promise<{ result: Awaited<T>; receipt: Receipt }> {
    const { surroundings } = parts
    const { signal, timeoutMs, ...spend } = input
    const hold = await placeHold(parts, { expires_in_seconds: expirySeconds(timeoutMs), ...spend }, signal)
    const settlement = new Settlement(parts, hold, spend.observe === true)
    const isLimited = timeoutMs !== undefined || spend.expires_in_seconds !== undefined
    const stopExtending = isLimited ? () => {} : keepAlive(parts, hold)

    const limit = new AbortController()
    const callOff =
      timeoutMs === undefined
        ? () => {}
        : surroundings.after(timeoutMs, () => {
            limit.abort(new DOMException(`The run took longer than ${timeoutMs} ms.`, 'TimeoutError'))
          })
    const runSignal = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal])
    let used: string | null = null
    let result: Awaited<T>
    try {
      const held: HeldCredits = {
        hold,
        signal: runSignal,
        use: (credits) => (used = decimalText(credits)),
        checkpoint: async (credits) => {
          used = decimalText(credits)
          await parts.api.checkpoint(hold.id, { credits: used }).catch(() => {})
        },
      }
      result = await unlessAborted(runSignal, async () => await run(held))
    } catch (error) {
      await briefly(surroundings, settlement.release(), releaseWaitMs)
      throw error
    } finally {
      callOff()
      stopExtending()
    }
    return { result, receipt: await settlement.capture(used) }
  }
}

function expirySeconds(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return defaultExpirySeconds
  return Math.min(longestExpirySeconds, Math.ceil(timeoutMs / 1000) + expiryMarginSeconds)
}

/** Extends the hold again and again, and answers what ends that. An extension that fails is made up for by the next, or by the capture. */
function keepAlive<C extends CatalogShape>({ api, surroundings }: Parts<C>, hold: Hold): () => void {
  const stop = new AbortController()
  const until = surroundings.now() + extendForMs
  let callOff: (() => void) | undefined
  function next(): void {
    callOff = surroundings.after(
      extendEveryMs,
      () => {
        if (surroundings.now() >= until) return
        api
          .extend(hold.id, { expires_in_seconds: defaultExpirySeconds }, { signal: stop.signal })
          .catch(() => {})
        next()
      },
      { background: true },
    )
  }
  next()
  return () => {
    callOff?.()
    stop.abort()
  }
}

/**
 * An abort while the hold is being placed rejects at once; whether the server placed it is not known then, so the
 * request is seen through and the hold it comes to is released.
 */
async function placeHold<C extends CatalogShape>(
  parts: Parts<C>,
  input: HoldInput<C>,
  signal: AbortSignal | undefined,
): Promise<Hold> {
  if (signal === undefined) return parts.api.hold(input)
  let placing: Promise<Hold> | null = null
  try {
    return await unlessAborted(signal, () => (placing = parts.api.hold(input)))
  } catch (error) {
    if (signal.aborted) void releaseUnwanted(parts, placing)
    throw error
  }
}

async function releaseUnwanted<C extends CatalogShape>(
  parts: Parts<C>,
  placing: Promise<Hold> | null,
): Promise<void> {
  try {
    const hold = await placing
    if (hold !== null) await parts.api.release(hold.id)
  } catch {
    // Refused or out of reach: there is no hold, or it lapses.
  }
}

/** Ends one hold, once. */
class Settlement<C extends CatalogShape> {
  readonly #parts: Parts<C>
  readonly #hold: Hold
  readonly #isObserved: boolean
  // One key for each thing that may be asked of the server, however often and from wherever it is asked.
  readonly #captureKey: string
  readonly #heldCaptureKey: string
  readonly #releaseKey: string
  readonly #lateCaptureKey: string
  /** Once the server has refused what is above the hold. */
  #takesWhatIsHeld = false

  constructor(parts: Parts<C>, hold: Hold, isObserved: boolean) {
    this.#parts = parts
    this.#hold = hold
    this.#isObserved = isObserved
    this.#captureKey = newIdempotencyKey(parts.surroundings)
    this.#heldCaptureKey = newIdempotencyKey(parts.surroundings)
    this.#releaseKey = newIdempotencyKey(parts.surroundings)
    this.#lateCaptureKey = newIdempotencyKey(parts.surroundings)
  }

  /** Never throws: a release that fails is told, and the hold is left to lapse. */
  async release(): Promise<void> {
    try {
      await this.#parts.api.release(this.#hold.id, { idempotencyKey: this.#releaseKey })
    } catch (error) {
      if (!hasEnded(error)) this.#tell(error, { step: 'release', credits: '0', retrying: false })
    }
  }

  /** Never throws: a capture that fails is told, and tried again in the background while that may help. */
  async capture(used: string | null): Promise<Receipt> {
    const credits = used ?? this.#hold.credits
    try {
      return await this.#settle(credits)
    } catch (error) {
      const retrying = error instanceof TallystickUnavailableError
      this.#tell(error, { step: 'capture', credits, retrying })
      if (retrying) void this.#settleInBackground(credits)
      return {
        ...this.#receiptBase(),
        used: credits,
        paid_from: this.#hold.paid_from,
        balance: this.#hold.balance,
        settled: false,
      }
    }
  }

  async #settle(credits: string): Promise<Receipt> {
    const { api } = this.#parts
    const { id } = this.#hold
    try {
      // Nothing used is nothing to capture.
      if (isZero(credits)) return this.#receiptOf(await api.release(id, { idempotencyKey: this.#releaseKey }))
      return await this.#capture(credits)
    } catch (error) {
      if (!hasEnded(error)) throw error
      const ended = await api.getHold(id)
      // The run ended it by itself, or it was given back to somebody who used nothing: that stands.
      if (ended.state !== 'lapsed' || isZero(credits)) return this.#receiptOf(ended)
      return await this.#captureLate(credits)
    }
  }

  /** More than was held is asked for too: the server remembers it, and where it observes charges it. Refused, taking what there is loses least. */
  async #capture(credits: string): Promise<Receipt> {
    const { api } = this.#parts
    const { id, credits: held } = this.#hold
    if (!this.#takesWhatIsHeld) {
      try {
        const body = this.#isObserved ? { credits, observe: true } : { credits }
        const captured = await api.capture(id, body, { idempotencyKey: this.#captureKey })
        if (captured.state === 'lapsed') return this.#receiptOfLate(captured, credits)
        if (captured.would_refuse?.code === 'capture_exceeds_hold')
          this.#tellExcess(credits, captured.captured)
        return this.#receiptOf(captured)
      } catch (error) {
        if (!hasCode(error, 'capture_exceeds_hold')) throw error
        this.#tellExcess(credits, held)
        this.#takesWhatIsHeld = true
      }
    }
    return this.#receiptOf(await api.capture(id, { credits: held }, { idempotencyKey: this.#heldCaptureKey }))
  }

  #tellExcess(used: string, captured: string): void {
    const message = `The run used ${used} and held ${this.#hold.credits}: ${captured} are captured. Hold the most that a run can cost.`
    const error = new TallystickError({ message, status: 422, code: 'capture_exceeds_hold' })
    this.#tell(error, { step: 'capture', credits: used, retrying: false })
  }

  /** The run outlived its hold and gave a result: it is paid for now, as far as credits go. What the lapse charged counts. */
  async #captureLate(credits: string): Promise<Receipt> {
    const late = await this.#parts.api.capture(
      this.#hold.id,
      { credits, above: 'up_to_spendable' },
      { idempotencyKey: this.#lateCaptureKey },
    )
    return this.#receiptOfLate(late, credits)
  }

  #receiptOfLate(late: Capture, credits: string): Receipt {
    const isPaid = !isMore(credits, late.captured)
    if (!isPaid) {
      const message = `The hold ${late.id} lapsed during the run, and ${late.captured} of ${credits} could be charged since.`
      const error = new TallystickError({ message, status: 402, code: 'insufficient_credits' })
      this.#tell(error, { step: 'capture', credits, retrying: false })
    }
    return { ...this.#receiptOf(late), settled: isPaid }
  }

  async #settleInBackground(credits: string): Promise<void> {
    const { surroundings } = this.#parts
    const giveUpAt = surroundings.now() + backgroundForMs
    for (let delayMs = backgroundFirstDelayMs; ; delayMs = Math.min(delayMs * 2, backgroundLongestDelayMs)) {
      await new Promise<void>((resolve) => surroundings.after(delayMs, resolve, { background: true }))
      try {
        await this.#settle(credits)
        return
      } catch (error) {
        if (error instanceof TallystickUnavailableError && surroundings.now() < giveUpAt) continue
        this.#tell(error, { step: 'capture', credits, retrying: false })
        return
      }
    }
  }

  #receiptBase(): Pick<Receipt, 'hold' | 'held' | 'unit'> {
    return { hold: this.#hold.id, held: this.#hold.credits, unit: this.#hold.unit }
  }

  #receiptOf(ended: Hold): Receipt {
    return {
      ...this.#receiptBase(),
      used: ended.captured,
      paid_from: ended.paid_from,
      balance: ended.balance,
      settled: true,
    }
  }

  #tell(error: unknown, trouble: Omit<AccountingTrouble, 'hold'>): void {
    try {
      this.#parts.onAccountingError(error, { ...trouble, hold: this.#hold })
    } catch {
      // The hook is for reporting; what goes wrong in it must not cost the caller the result.
    }
  }
}

function hasEnded(error: unknown): boolean {
  return hasCode(error, 'hold_already_ended')
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof TallystickError && error.code === code
}
