/** Turns what was drawn into operations on what is there. */
import { leavesWindowAt } from './naive-calendar.ts'
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
  TimeStep,
  WhichHold,
  WhichLot,
  WhichTransaction,
} from './steps.ts'

/** Two customers with two units each. */
export const walletIds = ['A', 'B', 'C', 'D']

type Unkeyed<T = Operation> = T extends Operation ? Omit<T, 'key' | 'body'> : never

/** The next operation as drawn, on the ledger as it is now; undefined when there is nothing of the kind that it wants. */
export function nameOperation(
  step: Exclude<OperationStep, RepeatStep>,
  ledger: NaiveLedger,
  clock: Date,
  windows: History['windows'],
): Unkeyed | undefined {
  const wallet = walletIds[step.wallet] ?? 'A'
  const { wallet: settled, now } = ledger.read(wallet, clock)
  switch (step.kind) {
    case 'grant':
      return grantOf(step, settled, now)
    case 'adjust': {
      const { kind, by, credits } = step
      const thereIs = by < 0 ? spendableOn(settled, undefined, now) : 5n
      return { kind, wallet, credits: BigInt(by) * amountOf(credits, thereIs) }
    }
    case 'charge':
    case 'hold': {
      const { limits, credits, action, ...rest } = step
      return {
        ...rest,
        wallet,
        action,
        credits: amountOf(credits, spendableOn(settled, action, now)),
        limits: limits.map((limit) => limitOf(limit, windows)),
      }
    }
    case 'capture': {
      const hold = holdOf(step.hold, wallet, ledger, clock)
      if (hold === undefined) return undefined
      const known = settled.holds.find((one) => one.id === hold)
      const remaining = known === undefined ? 0n : sum(remainingOf(known).map((share) => share.credits))
      const credits = step.credits && amountOf(step.credits, remaining, 0n)
      return { ...step, wallet, hold, credits }
    }
    case 'release':
    case 'extend': {
      const hold = holdOf(step.hold, wallet, ledger, clock)
      return hold === undefined ? undefined : { ...step, wallet, hold }
    }
    case 'checkpoint': {
      const hold = holdOf(step.hold, wallet, ledger, clock)
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
      const lot = lotOf(step.lot, wallet, ledger)
      if (lot === undefined) return undefined
      const known = settled.lots.find((one) => one.id === lot)
      const atMost = known === undefined ? 0n : known.granted - known.revoked - known.pending
      return { ...step, wallet, lot, credits: step.credits && amountOf(step.credits, atMost) }
    }
    case 'freeze':
    case 'unfreeze':
    case 'expire': {
      const lot = lotOf(step.lot, wallet, ledger)
      return lot === undefined ? undefined : { kind: step.kind, wallet, lot }
    }
  }
}

function amountOf(amount: Amount, thereIs: bigint, atLeast = 1n): bigint {
  return max('of' in amount ? BigInt(amount.of) : thereIs + BigInt(amount.allThereIs), atLeast)
}

function grantOf(step: GrantStep, wallet: Wallet, now: Date): Unkeyed {
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
    effectiveAt: step.startsInMs === undefined ? undefined : after(now, step.startsInMs),
    expiry: step.expiry && expiryOf(step.expiry, now),
    scope,
    repaysDebt,
    lateReturnDays,
  }
}

function expiryOf(step: ExpiryStep, now: Date): Expiry {
  if ('inMs' in step) return { at: after(now, step.inMs) }
  if ('days' in step) return { afterDays: step.days }
  return { afterMonths: step.months }
}

/** Two limits of one window are told apart by their names. */
function limitOf({ who, window: index, max }: LimitStep, windows: History['windows']): Limit {
  const window = windows[index]
  return { name: `${who}:${index}:${window}`, window, max: BigInt(max) }
}

function holdOf(which: WhichHold, wallet: string, ledger: NaiveLedger, clock: Date): string | undefined {
  if (which === undefined) return 'nobody’s hold'
  const holdsIn = (id: string) => ledger.read(id, clock).wallet.holds
  if (which.among === 'of another wallet')
    return fromNewest(which, walletIds.filter((id) => id !== wallet).flatMap(holdsIn))
  return fromNewest(
    which,
    holdsIn(wallet).filter((hold) => which.among === 'all' || hold.state === which.among),
  )
}

function lotOf(which: WhichLot, wallet: string, ledger: NaiveLedger): string | undefined {
  if (which === undefined) return 'nobody’s lot'
  const lotsIn = (id: string) => ledger.wallet(id).lots
  if (which.among === 'of another wallet')
    return fromNewest(which, walletIds.filter((id) => id !== wallet).flatMap(lotsIn))
  return fromNewest(
    which,
    lotsIn(wallet).filter((lot) => which.among === 'all' || lot.held > 0n),
  )
}

/** Of those that are written: a lapse that has only been read has no number yet. */
function transactionOf(which: WhichTransaction, { transactions }: Wallet): string | undefined {
  if (which === undefined) return 'nobody’s transaction'
  const those = transactions.filter((one) => {
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

/** What the database's clock shows next. */
export function nextClock(step: TimeStep, clock: Date, ledger: NaiveLedger): Date {
  if ('months' in step)
    return new Date(
      Date.UTC(clock.getUTCFullYear(), clock.getUTCMonth() + step.months, 1) + (clock.getTime() % 86_400_000),
    )
  if (!('toInstant' in step)) return after(clock, step.ms)
  const instants = walletIds
    .flatMap((id) => (step.of === 'a wallet' ? ledger.instants(id) : windowEnds(ledger.wallet(id))))
    .filter((instant) => instant > clock)
  instants.sort((a, b) => a.getTime() - b.getTime())
  const instant = instants[step.toInstant % Math.max(instants.length, 1)]
  return instant === undefined ? after(clock, 60_000) : after(instant, step.ms)
}

/** When something that counts in a limit counts no longer. */
function windowEnds({ counts }: Wallet): Date[] {
  return counts.flatMap(({ window, bucket }) => leavesWindowAt(window, bucket) ?? [])
}

function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms)
}
