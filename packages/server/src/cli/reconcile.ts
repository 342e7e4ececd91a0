import { Command, InvalidArgumentError } from 'commander'
import { formatId } from '../kernel/ids.ts'
import { dayMs } from '../kernel/time.ts'
import type { FindingKind, Reconciliation } from '../reconcile/reconciliation.ts'
import type { Environment } from './environment.ts'
import { withEngine } from './open-engine.ts'
import { type PlaceFlags, placed } from './placed.ts'
import { progressLine } from './progress-line.ts'

interface ReconcileFlags extends PlaceFlags {
  since?: Date
  dryRun?: boolean
}

export function reconcileCommand(environmentWith: (flags: PlaceFlags) => Environment): Command {
  return placed(new Command('reconcile'))
    .description(
      'compare with Dodo Payments: credit what was paid and missed, take back what was refunded, and list what does not match',
    )
    .option('--since <when>', 'look at what was made since then: 2026-01-31, an instant, or 90d', parseWhen)
    .option('--dry-run', 'look, and change nothing')
    .action(async (flags: ReconcileFlags) => {
      process.exitCode = await reconcileCommandWith(environmentWith(flags), flags)
    })
}

/** @throws InvalidArgumentError */
export function parseWhen(written: string): Date {
  const days = /^(\d{1,4})d$/.exec(written)?.[1]
  const since = days === undefined ? new Date(written) : new Date(Date.now() - Number(days) * dayMs)
  // `Date` takes "90" for a year, and much else.
  const isWritten = days !== undefined || /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(written)
  if (!isWritten || Number.isNaN(since.getTime()))
    throw new InvalidArgumentError(
      'Write a date (2026-01-31), an instant (2026-01-31T12:00:00Z), or days (90d).',
    )
  return since
}

/** `tallystick reconcile`. Answers the exit code: 1 when it was cut off, or something does not match. */
export function reconcileCommandWith(
  environment: Environment,
  { since, dryRun: isDryRun }: Pick<ReconcileFlags, 'since' | 'dryRun'>,
): Promise<number> {
  return withEngine(environment, async (engine) => {
    const progress = progressLine(process.stderr)
    try {
      const walk = await engine.reconciliations.run({
        since,
        isDryRun,
        tell: ({ payments, refunds, disputes }, findings) =>
          progress.show(
            `Reconciling: ${payments} payments, ${refunds} refunds, ${disputes} disputes, ${findings} findings`,
          ),
      })
      progress.end()
      const { unassigned, flagged } = await engine.payments.waiting()
      console.log(describe(walk, unassigned + flagged))
      const isMatching = walk.findings.every(({ kind }) => !differing.has(kind))
      return walk.error === undefined && isMatching ? 0 : 1
    } finally {
      progress.end()
    }
  })
}

const differing: ReadonlySet<FindingKind> = new Set(['flagged', 'unknown_to_provider', 'not_settled'])

const marks: Readonly<Record<FindingKind, string>> = {
  credited: '+  credited',
  taken_back: '-  taken back',
  flagged: '!  flagged',
  unknown_to_provider: '?  not at Dodo',
  failure_noted: '.  failed',
  not_settled: '!  not settled',
}

function describe({ from, reads, findings, error, isDryRun }: Reconciliation, waiting: number): string {
  const width = Math.max(...Object.values(marks).map(({ length }) => length))
  const lines = findings.map(({ kind, paymentId, orderId, note }) => {
    const order = orderId === undefined ? '' : `  ${formatId('order', orderId)}`
    return `  ${marks[kind].padEnd(width)}  ${paymentId}${order}${note === undefined ? '' : `  ${note}`}`
  })
  const { payments, refunds, disputes, subscriptions } = reads
  const counts = `${payments} payments, ${refunds} refunds, ${disputes} disputes and ${subscriptions} subscriptions since ${from.toISOString()}`
  const found = findings.length === 0 ? whatIsFine(error, waiting) : countOf(findings.length, 'difference')
  const done = isDryRun ? ' Nothing was changed, for this was a dry run.' : ''
  const cut = error === undefined ? [] : [`Cut off: ${error} The next walk goes on from there.`]
  const told =
    waiting === 0
      ? []
      : [
          `${countOf(waiting, 'payment')} ${waiting === 1 ? 'waits' : 'wait'} for a person: tallystick payments list`,
        ]
  return [...lines, `${counts}: ${found}.${done}`, ...told, ...cut].join('\n')
}

/** Nothing was found: that says something only of a walk that came to its end, and nothing of what was found before. */
function whatIsFine(error: string | undefined, waiting: number): string {
  if (error !== undefined) return 'no difference until then'
  return waiting === 0 ? 'everything matches' : 'nothing new'
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
