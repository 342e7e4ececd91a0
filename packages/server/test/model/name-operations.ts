/** Turns what was drawn into operations on what is there. */
import type { NaiveLedger } from './naive-ledger.ts'
import { spendableOn } from './naive-moves.ts'
import { walletMax } from './naive-operations.ts'
import type { Expiry, Limit, Operation } from './naive-types.ts'
import { max, remainingOf, sum, type Wallet } from './naive-wallet.ts'
import type {
  Amount,
  ExpiryStep,
  GrantStep,
  History,
  LimitStep,
  OperationStep,
  RepeatStep,
  WhichHold,
  WhichLot,
  WhichTransaction,
} from './steps.ts'
import { endOf, type Place, type Span } from './timeline.ts'

/** Where what was drawn becomes an operation. */
export interface Scene {
  readonly ledger: NaiveLedger
  /** A wallet as a reader sees it. */
  readonly read: (wallet: string) => { readonly wallet: Wallet; readonly now: Date }
  readonly wallets: readonly string[]
  readonly windows: History['windows']
  readonly place: Place
}

type Unkeyed<T = Operation> = T extends Operation ? Omit<T, 'key' | 'body'> : never

/** The next operation as drawn, on the ledger as it is now; undefined when there is nothing of the kind that it wants. */
export function nameOperation(step: Exclude<OperationStep, RepeatStep>, scene: Scene): Unkeyed | undefined {
  const { ledger, wallets, windows, place } = scene
  const wallet = wallets[step.wallet]!
  const { wallet: settled, now } = scene.read(wallet)
  switch (step.kind) {
    case 'grant':
      return grantOf(step, settled, now, place)
    case 'adjust': {
      const { kind, by, credits } = step
      const thereIs = by < 0 ? spendableOn(settled, undefined, now) : 5n
      return { kind, wallet, credits: BigInt(by) * amountOf(credits, thereIs) }
    }
    case 'charge':
    case 'hold': {
      const { action, isObserved } = step
      const spending = {
        wallet,
        action,
        isObserved,
        credits: amountOf(step.credits, spendableOn(settled, action, now)),
        limits: step.limits.map((limit) => limitOf(limit, windows)),
      }
      if (step.kind === 'charge') return { kind: step.kind, ...spending }
      const timeToLiveMs = msOf(step.timeToLive, now, place)
      return { kind: step.kind, ...spending, timeToLiveMs, onLapse: step.onLapse }
    }
    case 'capture': {
      const hold = holdOf(step.hold, wallet, scene)
      if (hold === undefined) return undefined
      const known = settled.holds.find((one) => one.id === hold)
      const remaining = known === undefined ? 0n : sum(remainingOf(known).map((share) => share.credits))
      const credits = step.credits && amountOf(step.credits, remaining, 0n)
      return { ...step, wallet, hold, credits }
    }
    case 'release': {
      const hold = holdOf(step.hold, wallet, scene)
      return hold === undefined ? undefined : { ...step, wallet, hold }
    }
    case 'extend': {
      const hold = holdOf(step.hold, wallet, scene)
      const timeToLiveMs = msOf(step.timeToLive, now, place)
      return hold === undefined ? undefined : { kind: step.kind, wallet, hold, timeToLiveMs }
    }
    case 'checkpoint': {
      const hold = holdOf(step.hold, wallet, scene)
      return hold === undefined ? undefined : { ...step, wallet, hold, credits: BigInt(step.credits) }
    }
    case 'refund': {
      const transaction = transactionOf(step.transaction, ledger.wallet(wallet))
      if (transaction === undefined) return undefined
      const known = settled.transactions.find((one) => one.id === transaction)
      const refundable = known === undefined ? 0n : known.charged - known.refunded
      return { ...step, wallet, transaction, credits: step.credits && amountOf(step.credits, refundable) }
    }
    case 'revoke': {
      const lot = lotOf(step.lot, wallet, scene)
      if (lot === undefined) return undefined
      const known = settled.lots.find((one) => one.id === lot)
      const atMost = known === undefined ? 0n : known.granted - known.revoked - known.pending
      return { ...step, wallet, lot, credits: step.credits && amountOf(step.credits, atMost) }
    }
    case 'freeze':
    case 'unfreeze':
    case 'expire': {
      const lot = lotOf(step.lot, wallet, scene)
      return lot === undefined ? undefined : { kind: step.kind, wallet, lot }
    }
  }
}

function amountOf(amount: Amount, thereIs: bigint, atLeast = 1n): bigint {
  return max('of' in amount ? BigInt(amount.of) : thereIs + BigInt(amount.allThereIs), atLeast)
}

function grantOf(step: GrantStep, wallet: Wallet, now: Date, place: Place): Unkeyed {
  const { kind, source, category, priority, scope, repaysDebt, lateReturnDays } = step
  const inWallet = sum(wallet.lots.map((lot) => lot.available + lot.held))
  const credits =
    'of' in step.credits ? BigInt(step.credits.of) : walletMax - inWallet + BigInt(step.credits.aboveTheBrim)
  return {
    kind,
    wallet: wallet.id,
    credits: max(credits, 1n),
    source,
    category,
    priority,
    effectiveAt: step.starts && endOf(step.starts, now, place),
    expiry: step.expiry && expiryOf(step.expiry, now, place),
    scope,
    repaysDebt,
    lateReturnDays,
  }
}

function expiryOf(step: ExpiryStep, now: Date, place: Place): Expiry {
  if ('days' in step) return { afterDays: step.days }
  if ('months' in step) return { afterMonths: step.months }
  return { at: endOf(step, now, place) }
}

/** A hold lives for some time, also when the clock goes back. */
function msOf(span: Span, now: Date, place: Place): number {
  return Math.max(endOf(span, now, place).getTime() - now.getTime(), 1)
}

function limitOf({ who, window, max }: LimitStep, windows: History['windows']): Limit {
  return { name: who, window: windows[window], max: BigInt(max) }
}

function holdOf(which: WhichHold, wallet: string, { read, wallets }: Scene): string | undefined {
  if (which === undefined) return 'nobody’s hold'
  const holdsIn = (id: string) => read(id).wallet.holds
  if (which.among === 'of another wallet')
    return fromNewest(which, wallets.filter((id) => id !== wallet).flatMap(holdsIn))
  return fromNewest(
    which,
    holdsIn(wallet).filter((hold) => which.among === 'all' || hold.state === which.among),
  )
}

function lotOf(which: WhichLot, wallet: string, { ledger, wallets }: Scene): string | undefined {
  if (which === undefined) return 'nobody’s lot'
  const lotsIn = (id: string) => ledger.wallet(id).lots
  if (which.among === 'of another wallet')
    return fromNewest(which, wallets.filter((id) => id !== wallet).flatMap(lotsIn))
  return fromNewest(
    which,
    lotsIn(wallet).filter((lot) => which.among === 'all' || lot.held > 0n),
  )
}

/** Of those that are written: a lapse that has only been read has no number yet. */
function transactionOf(which: WhichTransaction, { transactions }: Wallet): string | undefined {
  if (which === undefined) return 'nobody’s transaction'
  const those = transactions.filter((one) => {
    // What pending leaves owed is in no answer, so nobody can name it.
    if (one.kind === 'overdue') return false
    if (which.among === 'all') return true
    return which.among === 'owing' ? one.openDebt > 0n : one.charged > one.refunded
  })
  return fromNewest(which, those)
}

function fromNewest(
  { fromNewest }: { readonly fromNewest: number },
  all: readonly { readonly id: string }[],
): string | undefined {
  return all.at(-1 - (fromNewest % Math.max(all.length, 1)))?.id
}
