import type { Fault } from '../../../../tools/sabotage.ts'

/** Ways in which a verification could look and not see. */

const statement = 'packages/server/src/ledger/verify-statement.ts'
const verify = 'packages/server/src/ledger/verify.ts'
const jobs = 'packages/server/src/ledger/jobs.ts'

function fault(name: string, file: string, find: string, replace: string): Fault {
  return { name, edits: [{ file, find, replace }] }
}

export const faults: readonly Fault[] = [
  // A figure is held against itself, or against nothing.
  fault(
    'holds what is available against itself',
    statement,
    "('wallet available', available_micros, coalesce(by_wallet.available, 0)),",
    "('wallet available', available_micros, available_micros),",
  ),
  fault(
    'does not add up live holds',
    statement,
    "('live holds held', held_micros, coalesce(live_holds.held, 0)),",
    '',
  ),
  fault(
    'does not add up open debts',
    statement,
    "('open debts', debt_micros, coalesce(open_debts.open, 0)),",
    '',
  ),
  fault(
    'does not ask when the first hold lapses',
    statement,
    "case when live_holds.expires_at < coalesce(next_lapse_at, 'infinity') then",
    'case when false then',
  ),
  fault(
    'does not see that a lot has no row',
    statement,
    'granted as amount from by_lot where lot_id is not null union select wallet_id, lot_id, available + held from open_lots)',
    'granted as amount from by_lot where lot_id is not null)',
  ),
  fault(
    'does not see that a wallet has no row',
    statement,
    'where these_wallets.id is null',
    'where these_wallets.id is null and false',
  ),
  fault(
    'looks at the holds that have a row',
    statement,
    'from these_holds as holds full join by_hold',
    'from these_holds as holds left join by_hold',
  ),
  fault(
    'looks at the debts that have a row',
    statement,
    'full join (select * from by_transaction where owed > 0 or repaid > 0)',
    'left join (select * from by_transaction where owed > 0 or repaid > 0)',
  ),
  fault(
    'forgets the lots that wait outside of the row',
    statement,
    'union all\n    select wallet_id, id, available_micros, held_micros, priority, flags, effective_ms, expires_ms, null, traits\n    from waiting_lots where wallet_id > $1 and wallet_id <= $2',
    '',
  ),
  fault(
    'trusts the row in what order its lots burn',
    statement,
    "('lot in burn order', (open.rank > coalesce(open.rank_before, 0))::integer * 1000000, 1000000)",
    "('lot in burn order', 1000000, 1000000)",
  ),
  fault(
    "takes any scope for the lot's own",
    statement,
    "(open.traits -> 'scope' is not distinct from to_jsonb(scope))::integer * 1000000",
    '1000000',
  ),
  fault(
    'does not look whether a lot is frozen',
    statement,
    "('lot is frozen', (open.flags & 2) * 500000, is_frozen::integer * 1000000),",
    '',
  ),
  fault(
    'looks at the sums of a journal, and not at its numbers',
    statement,
    "('wallet last entry number', entry_count * 1000000, coalesce(by_wallet.last, 0) * 1000000),",
    '',
  ),
  fault(
    'does not ask what each operation answered',
    statement,
    'position_after > 0 or available_after_micros <> expected_available or held_after_micros <> held',
    'position_after > 0 or held_after_micros <> held',
  ),
  fault(
    'takes what repays after an operation for none of its balance',
    statement,
    'available - coalesce(lead(repaying) over journal_order - repaying, 0) as expected_available',
    'available as expected_available',
  ),
  fault(
    'takes entries for in their place',
    statement,
    'position <> 0 and position is distinct from position_before + 1 as is_misplaced',
    'false as is_misplaced',
  ),
  // What is found is told, of every wallet.
  fault('tells of a single difference', verify, 'const differencesMax = 1000', 'const differencesMax = 1'),
  fault(
    'passes over wallets between two slices',
    verify,
    'after = slice.next',
    "after = slice.next?.replace(/^./, 'f')",
  ),
  fault(
    'divides no slice, however long its wallets are',
    verify,
    'return index > 0 && entries > sliceEntriesMax',
    'return false',
  ),
  fault(
    'begins each slice of the background anew',
    jobs,
    'verifySlice(tx, { after: round.after, wallets })',
    'verifySlice(tx, { wallets })',
  ),
  fault(
    'tells of a drift that it has told of',
    jobs,
    'if (!isSame(known, event.data)) await appendEvent(tx, event)',
    'await appendEvent(tx, event)',
  ),
  fault('keeps a drift to itself', jobs, 'log.error(', 'log.debug('),
]
