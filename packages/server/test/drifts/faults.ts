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
  // What is kept of a hold beside its sums is held against nothing.
  fault(
    'does not ask which lots a hold took from',
    statement,
    "('hold has its shares', (holds.lot_ids = coalesce(by_hold.lot_ids, '{}') and lot_amounts_micros = coalesce(by_hold.lot_amounts, '{}'))::integer * 1000000, 1000000),",
    '',
  ),
  fault(
    'does not ask what a hold is for',
    statement,
    "('hold has its action', (holds.action is not distinct from by_hold.action)::integer * 1000000, 1000000),",
    '',
  ),
  fault(
    'does not ask how a hold ended',
    statement,
    "('hold has its state', (state::text = coalesce(by_hold.ended_as, 'placed'))::integer * 1000000, 1000000),",
    '',
  ),
  fault(
    'does not ask when a hold ended',
    statement,
    "('hold ended at (ms)', coalesce(extract(epoch from holds.ended_at), 0) * 1000000000, coalesce(extract(epoch from by_hold.ended_at), 0) * 1000000000),",
    '',
  ),
  fault(
    'does not see that a hold was extended',
    statement,
    'coalesce(noted_expires_ms * 1000000, extract(epoch from by_hold.placed_at) * 1000000000 + time_to_live_ms * 1000000)',
    'extract(epoch from expires_at) * 1000000000',
  ),
  fault(
    'does not ask what was noted of the use of a hold',
    statement,
    "('hold checkpoint', checkpoint_micros, coalesce(noted_checkpoint, 0)),",
    '',
  ),
  fault(
    'does not ask how much of a hold was asked for',
    statement,
    "case when state = 'captured' then greatest(asked_micros, captured_micros, noted_asked) else coalesce(noted_asked, 0) end",
    'asked_micros',
  ),
  fault(
    'does not ask what was refused of a hold',
    statement,
    "('hold refused', refused_micros, greatest(refused_micros, noted_refused)),",
    '',
  ),
  fault(
    'does not ask whether a lapse charged what its policy says',
    statement,
    'else 0 end, charged_at_lapse)',
    'else 0 end, null)',
  ),
  // Facts of lots, and the order that one came from.
  fault(
    'does not ask the entries whether a lot is frozen',
    statement,
    '(coalesce(last_freeze, 0) > coalesce(last_unfreeze, 0))::integer * 1000000',
    'is_frozen::integer * 1000000',
  ),
  fault(
    'does not ask the entries when a lot was granted',
    statement,
    "('lot granted at (ms)', extract(epoch from lots.granted_at) * 1000000000, extract(epoch from by_lot.granted_at) * 1000000000),",
    '',
  ),
  fault(
    'does not ask the order what was paid',
    statement,
    "('lot paid (minor units)', coalesce(paid_amount_minor, 0) * 1000000, amount_minor * 1000000),",
    '',
  ),
  fault(
    'does not ask the order in which currency',
    statement,
    "('lot has its currency', (paid_currency is not distinct from currency)::integer * 1000000, 1000000),",
    '',
  ),
  fault(
    'does not ask the order how many credits it brought',
    statement,
    "('lot has its currency', (paid_currency is not distinct from currency)::integer * 1000000, 1000000),\n        ('lot of its order', granted_micros, credits_micros)",
    "('lot has its currency', (paid_currency is not distinct from currency)::integer * 1000000, 1000000)",
  ),
  // Keys, and what stands with them.
  fault(
    'does not see that a key is gone',
    statement,
    "('key of entry', case when is_unbound then 0 else 1000000 end, 1000000),",
    '',
  ),
  fault(
    'does not see answers where nothing was asked',
    statement,
    "('answers without a key of entry', answers_without_key * 1000000, 0),",
    '',
  ),
  fault(
    'takes the parts of a balance for none of it',
    statement,
    'greatest(parts_after_micros - available_after_micros, 0) end, 0),',
    '0 end, 0),',
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
