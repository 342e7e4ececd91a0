import { openDatabase } from '../../../src/database/open-database.ts'
import { Refusal } from '../../../src/kernel/refusal.ts'
import { newId } from '../../../src/ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../../../src/ledger/ledger.ts'
import type { Operation } from '../../../src/ledger/operations.ts'
import { auditEntries } from '../../audit/audit-entries.ts'
import { type Acknowledged, checkBooks, type Query } from '../check-books.ts'
import type { Random } from '../random.ts'
import type { LedgerLoad } from './load.ts'

/** Something asked, and what was heard of it; with how many events of the disk had happened by then. */
export interface Deed {
  readonly operation: Operation
  readonly askedAfter: number
  /** Undefined while nothing is heard. */
  heard?: {
    readonly after: number
    /** Undefined when it was refused. */
    readonly acknowledged: Acknowledged | undefined
  }
}

/** What was known to those outside when so many events had happened: what was asked later was never asked. */
export function deedsUntil(deeds: readonly Deed[], after: number): Deed[] {
  return deeds.flatMap(({ operation, askedAfter, heard }) => {
    if (askedAfter > after) return []
    return heard === undefined || heard.after > after
      ? [{ operation, askedAfter: 0 }]
      : [{ operation, askedAfter: 0, heard: { ...heard, after: 0 } }]
  })
}

export interface SessionOptions {
  readonly folder: string
  /** All that was asked before; what was not answered is asked again. Grows. */
  readonly deeds: Deed[]
  readonly load: LedgerLoad
  readonly random: Random
  /** How often a few more operations are asked for. */
  readonly rounds: number
  /** How many events of the disk have happened. */
  readonly eventCount: () => number
}

export interface Findings {
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  /** Everything that is not as it should be, those too. */
  readonly wrong: readonly string[]
}

const parallelMax = 12

/** Postgres flushes its pages and goes on in a new file of its log now and then; here more often than by itself. */
const upkeep = ['checkpoint', 'select pg_switch_wal()', 'vacuum']
const upkeepOneIn = 6

/** Opens the database in a folder, looks whether everything is there, settles what is open, and asks for more. */
export async function runSession(options: SessionOptions): Promise<Findings> {
  const { deeds, rounds, random } = options
  const database = await openDatabase({ dataDir: options.folder })
  const ledger = await createLedger({ database, newId })
  try {
    const query: Query = (sql) =>
      database.snapshot((tx) => tx.run<Record<string, unknown>>({ name: 'check', text: sql }, []))
    const before = await check(query, ledger, deeds)
    if (before.wrong.length > 0) return before
    await Promise.all(
      deeds.filter(({ heard }) => heard === undefined).map((deed) => ask(deed, ledger, options)),
    )
    const after = await check(query, ledger, deeds)
    for (let round = 0; round < rounds; round += 1) {
      const asked = Array.from({ length: 1 + random.below(parallelMax) }, (): Deed => {
        return { operation: options.load.next(), askedAfter: options.eventCount() }
      })
      deeds.push(...asked)
      await Promise.all(asked.map((deed) => ask(deed, ledger, options)))
      if (random.chance(upkeepOneIn)) await keepUp(random.oneOf(upkeep))
    }
    return after
  } finally {
    await ledger.close()
    await database.close()
  }

  async function keepUp(sql: string): Promise<void> {
    // No vacuum runs in a transaction: the way of the jobs begins none.
    await database.jobs.db?.executeSql(sql)
  }
}

async function ask(
  deed: Deed,
  ledger: Ledger,
  { load, eventCount }: Pick<SessionOptions, 'load' | 'eventCount'>,
): Promise<void> {
  try {
    const receipt = await ledger.submit(deed.operation)
    deed.heard = { after: eventCount(), acknowledged: load.learn(deed.operation, receipt) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    deed.heard = { after: eventCount(), acknowledged: undefined }
  }
}

async function check(query: Query, ledger: Ledger, deeds: readonly Deed[]): Promise<Findings> {
  const { lost, doubled, differences } = await checkBooks(query, {
    acknowledged: deeds.flatMap(({ heard }) => heard?.acknowledged ?? []),
    keys: new Set(deeds.map(({ operation }) => operation.key.id)),
    refused: new Set(
      deeds
        .filter(({ heard }) => heard !== undefined && heard.acknowledged === undefined)
        .map(({ operation }) => operation.key.id),
    ),
    isSettled: deeds.every(({ heard }) => heard !== undefined),
  })
  const audit = await auditEntries(query)
  const verification = await ledger.verify()
  return {
    lost,
    doubled,
    wrong: [
      ...lost.map((one) => `lost: ${one}`),
      ...doubled.map((one) => `doubled: ${one}`),
      ...differences,
      ...audit.differences,
      ...verification.differences.map((one) => `verify: ${one.what} of ${one.walletId}`),
    ],
  }
}
