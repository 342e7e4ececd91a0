import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { appendEvent, findLatestEvent } from '../events/append-event.ts'
import type { LedgerDrift } from '../events/event.ts'
import type { Repeated } from '../jobs/jobs.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import type { NewId, Uuid } from '../kernel/ids.ts'
import { addMs, dayMs, later } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'
import type { LedgerObserver } from './observer.ts'
import { claimSlice, recordSlice } from './verification.ts'
import { type Difference, verifySlice } from './verify.ts'

export interface VerificationInput {
  readonly database: Database
  readonly newId: NewId
  readonly log: Log
  readonly observer?: LedgerObserver | undefined
  readonly walletsPerMinute: number
}

// Small slices often, so that nobody waits long behind one: on PGlite everybody shares the one connection.
const everyMs = 6_000

// A round of a small ledger is over in seconds, and need not begin again at once.
const roundMs = 3_600_000

// Of one wallet; what is wrong in more ways is wrong enough.
const differencesMax = 50

/**
 * The verification that goes on for as long as a server runs: a slice of wallets at a time, round after round. One process at a time has
 * a slice; how far the round has come is in the database. What it finds is logged, counted, and an event of its wallet.
 */
export function verification(input: VerificationInput): Repeated {
  const { database, log, observer, walletsPerMinute } = input
  return {
    name: 'verification',
    everyMs,
    async run() {
      const round = await database.transaction(claimSlice)
      if (round.lastEndedAt !== undefined) observer?.verifiedWhole(round.lastEndedAt)
      if (!round.isClaimed) return
      const wallets = Math.ceil((walletsPerMinute * everyMs) / 60_000)
      const slice = await database.slowSnapshot((tx) => verifySlice(tx, { after: round.after, wallets }))
      observer?.verified(slice)
      const byWallet = Map.groupBy(slice.differences, ({ walletId }) => walletId)
      await database.transaction(async (tx) => {
        const soon = addMs(tx.now, everyMs)
        const isWhole = slice.next === undefined
        await recordSlice(tx, {
          next: slice.next,
          differences: slice.differences.length,
          dueAt: isWhole ? later(soon, addMs(round.beganAt, roundMs)) : soon,
        })
        // One after the other: they share the transaction's connection.
        // oxlint-disable-next-line no-await-in-loop
        for (const [walletId, differences] of byWallet) {
          const event = driftOf(input.newId(), walletId, differences)
          // oxlint-disable-next-line no-await-in-loop
          const known = await findLatestEvent(tx, event)
          // oxlint-disable-next-line no-await-in-loop
          if (!isSame(known, event.data)) await appendEvent(tx, event)
        }
        if (isWhole) observer?.verifiedWhole(tx.now)
      })
      for (const [walletId, differences] of byWallet) {
        log.error(
          { walletId, differences: told(differences) },
          'the ledger has drifted: docs/audit.md says what to do',
        )
      }
    },
  }
}

function driftOf(id: Uuid, walletId: Uuid, differences: readonly Difference[]): LedgerDrift {
  return {
    id,
    type: 'ledger.drift',
    walletId,
    data: { differences: told(differences) },
  }
}

function told(differences: readonly Difference[]): LedgerDrift['data']['differences'] {
  return differences.slice(0, differencesMax).map(({ lotId, what, stored, computed }) => ({
    lot: lotId ?? null,
    what,
    stored: decimalFromCredits(stored),
    computed: decimalFromCredits(computed),
  }))
}

/** What was told already is not told again. */
function isSame(known: LedgerDrift['data'] | undefined, data: LedgerDrift['data']): boolean {
  return known !== undefined && inWords(known) === inWords(data)
}

function inWords({ differences }: LedgerDrift['data']): string {
  return differences
    .map(({ lot, what, stored, computed }) => `${lot} ${what} ${stored} ${computed}`)
    .join('\n')
}

const forgettingEveryMs = 3_600_000

/** Longer than the longest window that ends, and than any hold that could still correct its count. */
const countsKeptMs = 62 * dayMs

/** Each a moment's work; what is left is for the next time. */
const countsForgottenMax = 10_000

/** Forgets what was counted under limits in windows that have long passed. What counts for a lifetime stays. */
export function forgetOldCounts({ database }: Pick<VerificationInput, 'database'>): Repeated {
  return {
    name: 'forgetting old counts',
    everyMs: forgettingEveryMs,
    run: () =>
      database.transaction(async (tx) => {
        await sql`
          delete from limit_counts where (wallet_id, name, starts_at) in (
            select wallet_id, name, starts_at from limit_counts
            where starts_at < ${addMs(tx.now, -countsKeptMs)} and starts_at > to_timestamp(0)
            limit ${countsForgottenMax})`.execute(tx.db)
      }),
  }
}
