import type { Statement } from '../database/database.ts'

/** Which wallets come next: their ids in order, and how much there is to read of each. */
export const nextWallets: Statement = {
  name: 'ledger_next_wallets',
  text: 'select id, entry_count from wallets where id > $1 order by id limit $2',
}

/**
 * Everything that is stored twice, of the wallets after `$1` up to and with `$2`: what rows say against what entries say, and rows against each other
 * where two keep the same. A row for each difference, at most `$3`, and one for each count, which have no wallet. `stored` and `computed` are
 * in millionths whatever they count, so that all read as decimals.
 *
 * The entries are read by the primary key, once for each of the four questions, and none is kept: memory grows with lots and holds, and not with entries.
 */
export const verifyWallets: Statement = {
  name: 'ledger_verify_wallets',
  text: `
  with journal as not materialized (
    select * from entries where wallet_id > $1 and wallet_id <= $2
  ), these_wallets as (
    select * from wallets where id > $1 and id <= $2
  ), these_lots as (
    select *, (extract(epoch from effective_at) * 1000)::bigint as effective_ms, (extract(epoch from expires_at) * 1000)::bigint as expires_ms
    from lots where wallet_id > $1 and wallet_id <= $2
  ), these_holds as (
    select * from holds where wallet_id > $1 and wallet_id <= $2
  ),

  -- What the entries say, of each lot, wallet, hold, and transaction that others are about.
  by_lot as (
    select wallet_id, lot_id, count(*) as entries, max(number) as last,
      sum(case when from_account = 'issued' then amount_micros else 0 end) as granted,
      sum(case when to_account = 'available' then amount_micros when from_account = 'available' then -amount_micros else 0 end) as available,
      sum(case when to_account = 'held' then amount_micros when from_account = 'held' then -amount_micros else 0 end) as held,
      sum(case when to_account = 'spent' then amount_micros when from_account = 'spent' then -amount_micros else 0 end) as spent,
      sum(case when to_account = 'expired' then amount_micros when from_account = 'expired' then -amount_micros else 0 end) as expired,
      sum(case when to_account = 'revoked' then amount_micros when from_account = 'revoked' then -amount_micros else 0 end) as revoked,
      sum(case when from_account = 'debt' then amount_micros when to_account = 'debt' then -amount_micros else 0 end) as debt,
      min(case when from_account = 'issued' then recorded_at end) as granted_at,
      max(case when operation = 'freeze' then number end) as last_freeze, max(case when operation = 'unfreeze' then number end) as last_unfreeze
    from journal group by wallet_id, lot_id
  ), by_wallet as (
    select wallet_id, sum(entries) as entries, max(last) as last, sum(available) as available, sum(held) as held, sum(debt) as debt
    from by_lot group by wallet_id
  ), by_hold as (
    select wallet_id, hold_id,
      sum(case when to_account = 'held' then amount_micros else 0 end) as placed,
      sum(case when to_account = 'held' then amount_micros when from_account = 'held' then -amount_micros else 0 end) as held,
      sum(case when from_account = 'held' and to_account = 'spent' then amount_micros else 0 end) as from_shares,
      sum(case when to_account = 'spent' then amount_micros else 0 end) as captured,
      array_agg(lot_id order by number) filter (where to_account = 'held') as lot_ids,
      array_agg(amount_micros order by number) filter (where to_account = 'held') as lot_amounts,
      min(recorded_at) filter (where operation = 'hold') as placed_at,
      max(action) filter (where operation = 'hold') as action,
      max(description) filter (where operation = 'hold') as description,
      max(catalog_id) filter (where operation = 'hold') as catalog_id,
      max(ended_as) as ended_as, max(coalesce(effective_at, recorded_at)) filter (where ended_as is not null) as ended_at,
      sum(case when operation = 'lapse' and from_account = 'held' then amount_micros else 0 end) as held_at_lapse,
      sum(case when operation = 'lapse' and to_account = 'spent' then amount_micros else 0 end) as charged_at_lapse,
      -- What was noted of a hold that went on only ever grows.
      max((noted ->> 'expiresAt')::bigint) as noted_expires_ms, max((noted ->> 'checkpoint')::bigint) as noted_checkpoint,
      max((noted ->> 'asked')::bigint) as noted_asked, max((noted ->> 'refused')::bigint) as noted_refused,
      max((noted ->> 'captured')::bigint) filter (where noted ->> 'state' = 'placed') as captured_before_lapse
    from (
      select *, facts -> 'hold' as noted, case when operation = 'release' then 'released' when operation = 'lapse' then 'lapsed'
        when operation = 'capture' and key is not null and facts -> 'hold' is null then 'captured' end as ended_as
      from journal where hold_id is not null
    ) as about_hold
    group by wallet_id, hold_id
  ), by_transaction as (
    select wallet_id, case when from_account = 'debt' then number - position else about_transaction end as transaction,
      sum(case when from_account = 'debt' then amount_micros else 0 end) as owed,
      sum(case when to_account = 'debt' then amount_micros else 0 end) as repaid,
      sum(case when operation = 'repay' and from_account = 'available' then amount_micros else 0 end) as repaid_by_lots,
      sum(case when operation = 'refund' then amount_micros else 0 end) as refunded,
      sum(case when operation = 'refund' and lot_id is not null then amount_micros else 0 end) as returned
    from journal where from_account = 'debt' or operation in ('repay', 'refund') group by 1, 2
  ),

  -- The journal in its order, which is the key's, in one pass.
  in_sequence as (
    select wallet_id, number, position, operation, from_account, amount_micros, key, recorded_at,
      case when key is null then num_nonnulls(held_after_micros, debt_after_micros, scoped_after_micros, upcoming_after_micros, frozen_after_micros, facts)
        else 0 end as answers_without_key,
      coalesce(scoped_after_micros, 0) + coalesce(upcoming_after_micros, 0) + coalesce(frozen_after_micros, 0) as parts_after_micros,
      available_after_micros, coalesce(held_after_micros, 0) as held_after_micros, coalesce(debt_after_micros, 0) as debt_after_micros,
      lag(position) over journal_order as position_before, lead(position) over journal_order as position_after,
      sum(case when to_account = 'available' then amount_micros when from_account = 'available' then -amount_micros else 0 end) over journal_order as available,
      sum(case when to_account = 'held' then amount_micros when from_account = 'held' then -amount_micros else 0 end) over journal_order as held,
      sum(case when from_account = 'debt' then amount_micros when to_account = 'debt' then -amount_micros else 0 end) over journal_order as debt,
      max(recorded_at) filter (where key is not null) over journal_order as last_bound_at
    from journal
    window journal_order as (partition by wallet_id order by number rows unbounded preceding)
  ), with_sequels as (
    -- An operation answers the balance after what it set off, which has no key: repayments, and debt for what had been revoked while it was held.
    select *,
      sum(case when key is null and recorded_at = last_bound_at and operation = 'repay' and from_account = 'available' then amount_micros else 0 end)
        over journal_order as repaying,
      sum(case when key is not null or recorded_at is distinct from last_bound_at then 0
        when operation = 'repay' and from_account = 'spent' then -amount_micros
        when operation = 'revoke' and from_account = 'debt' then amount_micros else 0 end) over journal_order as owing
    from in_sequence
    window journal_order as (partition by wallet_id order by number rows unbounded preceding)
  ), telling as (
    -- The entries with keys, the last one, after which the last key's sequels are over, and those that stand in the wrong place, or lack a key.
    select * from (
      select *, position_after is null as is_last, position <> 0 and position is distinct from position_before + 1 as is_misplaced,
        -- Without one are what time did, repayments, and what had been revoked while it was held.
        key is null and coalesce(position_after, 0) = 0 and case when operation in ('lapse', 'repay') then false
          when operation = 'expire' then from_account is distinct from 'available'
          when operation = 'revoke' then from_account is null or from_account not in ('spent', 'debt') else true end as is_unbound
      from with_sequels
    ) as entry
    where key is not null or is_last or is_misplaced or is_unbound or answers_without_key > 0
  ), expecting as (
    select *,
      available - coalesce(lead(repaying) over journal_order - repaying, 0) as expected_available,
      debt + coalesce(lead(owing) over journal_order - owing, 0) as expected_debt
    from telling
    window journal_order as (partition by wallet_id order by number)
  ),

  -- What is open, in the wallet's row and beside it.
  open_lots as (
    select id as wallet_id, open.*, lot_traits -> open.lot_id::text as traits
    from these_wallets, unnest(lot_ids, lot_available_micros, lot_held_micros, lot_priorities, lot_flags, lot_effective_ms, lot_expires_ms)
      with ordinality as open (lot_id, available, held, priority, flags, effective_ms, expires_ms, place)
    union all
    select wallet_id, id, available_micros, held_micros, priority, flags, effective_ms, expires_ms, null, traits
    from waiting_lots where wallet_id > $1 and wallet_id <= $2
  ), in_burn_order as (
    select *, row_number() over (partition by wallet_id order by priority, expires_ms nulls last, lot_id) as rank,
      count(*) over (partition by wallet_id, lot_id) as times
    from open_lots
  ), ranked as (
    -- Each lot of the row burns after the one before it, and each that waits after all of them.
    select *, case when place is null then count(place) over (partition by wallet_id) else lag(rank) over (partition by wallet_id order by place) end as rank_before
    from in_burn_order
  ), by_open as (
    select open_lots.wallet_id, sum(available) as available, sum(held) as held, count(*) filter (where place is null) as waiting_count,
      coalesce(sum(available) filter (where place is null), 0) as waiting_available,
      min(case when effective_ms > extract(epoch from updated_at) * 1000 then effective_ms else expires_ms end)
        filter (where place is null and available > 0) as due_ms
    from open_lots join these_wallets on these_wallets.id = open_lots.wallet_id group by open_lots.wallet_id
  ), live_holds as (
    select wallet_id, sum(amount_micros - from_shares_micros) as held, min(expires_at) as expires_at from these_holds where state = 'placed' group by wallet_id
  ), live_shares as (
    select wallet_id, lot_id, sum(least(amount, greatest(until - from_shares_micros, 0))) as held
    from (
      select wallet_id, from_shares_micros, share.lot_id, share.amount, sum(share.amount) over (partition by wallet_id, id order by place) as until
      from these_holds, unnest(lot_ids, lot_amounts_micros) with ordinality as share (lot_id, amount, place) where state = 'placed'
    ) as shares
    group by wallet_id, lot_id
  ), open_debts as (
    select wallet_id, sum(open_micros) as open from debts where wallet_id > $1 and wallet_id <= $2 group by wallet_id
  ),

  differences as (
    select id as wallet_id, null::uuid as lot_id, what, stored::numeric, computed::numeric
    from these_wallets
      left join by_wallet on by_wallet.wallet_id = id
      left join by_open on by_open.wallet_id = id
      left join live_holds on live_holds.wallet_id = id
      left join open_debts on open_debts.wallet_id = id,
      lateral (values
        ('wallet available', available_micros, coalesce(by_wallet.available, 0)),
        ('wallet held', held_micros, coalesce(by_wallet.held, 0)),
        ('wallet debt', debt_micros, coalesce(by_wallet.debt, 0)),
        ('wallet entry count', entry_count * 1000000, coalesce(by_wallet.entries, 0) * 1000000),
        ('wallet last entry number', entry_count * 1000000, coalesce(by_wallet.last, 0) * 1000000),
        ('wallet next lapse (ms)', coalesce(extract(epoch from next_lapse_at) * 1000000000, 0),
          case when live_holds.expires_at < coalesce(next_lapse_at, 'infinity') then extract(epoch from live_holds.expires_at) * 1000000000
            else coalesce(extract(epoch from next_lapse_at) * 1000000000, 0) end),
        ('open lots available', available_micros, coalesce(by_open.available, 0)),
        ('open lots held', held_micros, coalesce(by_open.held, 0)),
        ('live holds held', held_micros, coalesce(live_holds.held, 0)),
        ('open debts', debt_micros, coalesce(open_debts.open, 0)),
        ('waiting lots', coalesce((waiting ->> 'count')::bigint, 0) * 1000000, coalesce(by_open.waiting_count, 0) * 1000000),
        ('waiting lots available', coalesce((waiting ->> 'spendable')::bigint + (waiting ->> 'scoped')::bigint + (waiting ->> 'upcoming')::bigint
          + (waiting ->> 'frozen')::bigint, 0), coalesce(by_open.waiting_available, 0)),
        ('waiting lots due (ms)', coalesce((waiting ->> 'due_ms')::bigint, 0) * 1000000,
          case when by_open.due_ms < coalesce((waiting ->> 'due_ms')::bigint, by_open.due_ms + 1) then by_open.due_ms
            else coalesce((waiting ->> 'due_ms')::bigint, 0) end * 1000000),
        -- A row from before rows were bounded is shortened when it is next written; then others wait.
        ('lots in the row', cardinality(lot_ids) * 1000000, case when waiting is null then cardinality(lot_ids) else least(cardinality(lot_ids), 16) end * 1000000)
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    select coalesce(lots.wallet_id, by_lot.wallet_id), coalesce(lots.id, by_lot.lot_id), what, stored, computed
    from these_lots as lots
      left join by_lot on by_lot.wallet_id = lots.wallet_id and by_lot.lot_id = lots.id
      left join ranked as open on open.wallet_id = lots.wallet_id and open.lot_id = lots.id
      left join live_shares on live_shares.wallet_id = lots.wallet_id and live_shares.lot_id = lots.id,
      lateral (values
        ('lot granted', granted_micros, coalesce(by_lot.granted, 0)),
        ('lot available', coalesce(open.available, 0), coalesce(by_lot.available, 0)),
        ('lot held', coalesce(open.held, 0), coalesce(by_lot.held, 0)),
        ('lot held by live holds', coalesce(open.held, 0), coalesce(live_shares.held, 0)),
        ('lot expired', expired_micros, coalesce(by_lot.expired, 0)),
        ('lot revoked', revoked_micros, coalesce(by_lot.revoked, 0)),
        ('lot spent below zero', least(coalesce(by_lot.spent, 0), 0), 0),
        ('lot granted at (ms)', extract(epoch from lots.granted_at) * 1000000000, extract(epoch from by_lot.granted_at) * 1000000000),
        ('lot is frozen by its entries', is_frozen::integer * 1000000, (coalesce(last_freeze, 0) > coalesce(last_unfreeze, 0))::integer * 1000000)
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    -- What decides the burn order, and who may pay, is kept twice: in the lot, and where it is open.
    select open.wallet_id, open.lot_id, what, stored, computed
    from ranked as open join these_lots as lots on lots.wallet_id = open.wallet_id and lots.id = open.lot_id,
      lateral (values
        ('lot priority', open.priority::bigint * 1000000, lots.priority::bigint * 1000000),
        ('lot start (ms)', open.effective_ms * 1000000, lots.effective_ms * 1000000),
        ('lot expiry (ms)', coalesce(open.expires_ms, 0) * 1000000, coalesce(lots.expires_ms, 0) * 1000000),
        ('lot keeps out of debt', (open.flags & 1) * 1000000, (not repays_debt)::integer * 1000000),
        ('lot is frozen', (open.flags & 2) * 500000, is_frozen::integer * 1000000),
        ('lot has its scope', (open.traits -> 'scope' is not distinct from to_jsonb(scope))::integer * 1000000, 1000000),
        ('lot late return days', coalesce((open.traits ->> 'late_return_days')::bigint, 0) * 1000000, late_return_days::bigint * 1000000),
        ('lot pending above held', greatest(coalesce((open.traits ->> 'pending')::bigint, 0) - open.held, 0), 0),
        ('lot open', open.times * 1000000, 1000000),
        ('lot in burn order', (open.rank > coalesce(open.rank_before, 0))::integer * 1000000, 1000000)
      ) as facts (what, stored, computed)
    where stored <> computed
    union all
    -- What was bought is kept with the order too; credits that went on to another wallet name it, and are not its lot.
    select lots.wallet_id, lots.id, what, stored, computed
    from these_lots as lots
      cross join lateral (select amount_minor, currency, credits_micros from orders where orders.id = lots.order_id and orders.lot_id = lots.id offset 0) as bought,
      lateral (values
        ('lot paid (minor units)', coalesce(paid_amount_minor, 0) * 1000000, amount_minor * 1000000),
        ('lot has its currency', (paid_currency is not distinct from currency)::integer * 1000000, 1000000),
        ('lot of its order', granted_micros, credits_micros)
      ) as facts (what, stored, computed)
    where stored <> computed
    union all
    select known.wallet_id, known.lot_id, 'lot without a row', 0, known.amount
    from (select wallet_id, lot_id, granted as amount from by_lot where lot_id is not null union select wallet_id, lot_id, available + held from open_lots) as known
      left join these_lots as lots on lots.wallet_id = known.wallet_id and lots.id = known.lot_id
    where lots.id is null
    union all
    select by_wallet.wallet_id, null, 'wallet without a row', 0, by_wallet.entries * 1000000
    from by_wallet left join these_wallets on these_wallets.id = by_wallet.wallet_id where these_wallets.id is null
    union all
    select coalesce(holds.wallet_id, by_hold.wallet_id), null, what || ' ' || coalesce(holds.id, by_hold.hold_id), stored, computed
    from these_holds as holds full join by_hold on by_hold.wallet_id = holds.wallet_id and by_hold.hold_id = holds.id,
      lateral (values
        ('hold without a row', case when holds.id is null then 0 else 1 end * 1000000, 1000000),
        ('hold placed', amount_micros, coalesce(by_hold.placed, 0)),
        ('hold shares', (select coalesce(sum(amount), 0) from unnest(lot_amounts_micros) as amount), amount_micros),
        ('hold held', case when state = 'placed' then amount_micros - from_shares_micros else 0 end, coalesce(by_hold.held, 0)),
        ('hold captured of its shares', from_shares_micros, coalesce(by_hold.from_shares, 0)),
        ('hold captured', captured_micros, coalesce(by_hold.captured, 0))
      ) as sums (what, stored, computed)
    where stored <> computed and (holds.id is not null or what = 'hold without a row')
    union all
    -- Most holds have nothing of what these facts are about, or what is right, and are passed over: a row for each fact made a ledger of holds take 1.7 times as long.
    select holds.wallet_id, null, what || ' ' || holds.id, stored, computed
    from these_holds as holds join by_hold on by_hold.wallet_id = holds.wallet_id and by_hold.hold_id = holds.id,
      lateral (values
        ('hold has its shares', (holds.lot_ids = coalesce(by_hold.lot_ids, '{}') and lot_amounts_micros = coalesce(by_hold.lot_amounts, '{}'))::integer * 1000000, 1000000),
        ('hold has its action', (holds.action is not distinct from by_hold.action)::integer * 1000000, 1000000),
        ('hold has its description', (holds.description is not distinct from by_hold.description)::integer * 1000000, 1000000),
        ('hold catalog', coalesce(holds.catalog_id, 0)::bigint * 1000000, coalesce(by_hold.catalog_id, 0)::bigint * 1000000),
        ('hold has its state', (state::text = coalesce(by_hold.ended_as, 'placed'))::integer * 1000000, 1000000),
        ('hold placed at (ms)', extract(epoch from holds.placed_at) * 1000000000, extract(epoch from by_hold.placed_at) * 1000000000),
        ('hold ended at (ms)', coalesce(extract(epoch from holds.ended_at), 0) * 1000000000, coalesce(extract(epoch from by_hold.ended_at), 0) * 1000000000),
        ('hold expiry (ms)', extract(epoch from expires_at) * 1000000000,
          coalesce(noted_expires_ms * 1000000, extract(epoch from by_hold.placed_at) * 1000000000 + time_to_live_ms * 1000000)),
        ('hold checkpoint', checkpoint_micros, coalesce(noted_checkpoint, 0)),
        -- The last capture notes what was charged, and a refused one notes nothing: more may have been asked for than entries tell.
        ('hold asked', asked_micros, case when state = 'captured' then greatest(asked_micros, captured_micros, noted_asked) else coalesce(noted_asked, 0) end),
        ('hold refused', refused_micros, greatest(refused_micros, noted_refused)),
        ('hold charged at its lapse', case on_lapse when 'charge_all' then held_at_lapse
          when 'charge_checkpoint' then least(held_at_lapse, greatest(checkpoint_micros - coalesce(captured_before_lapse, 0), 0)) else 0 end, charged_at_lapse)
      ) as facts (what, stored, computed)
    where (holds.lot_ids <> coalesce(by_hold.lot_ids, '{}') or lot_amounts_micros <> coalesce(by_hold.lot_amounts, '{}')
        or holds.action is distinct from by_hold.action or holds.description is distinct from by_hold.description
        or holds.catalog_id is distinct from by_hold.catalog_id or state::text <> coalesce(by_hold.ended_as, 'placed')
        or holds.placed_at is distinct from by_hold.placed_at or holds.ended_at is distinct from by_hold.ended_at
        or noted_expires_ms is not null or expires_at <> by_hold.placed_at + time_to_live_ms * interval '1 ms'
        or checkpoint_micros > 0 or refused_micros > 0 or asked_micros <> captured_micros or state = 'lapsed')
      and stored <> computed
    union all
    select coalesce(debts.wallet_id, given.wallet_id), null, what || ' of transaction ' || coalesce(debts.transaction, given.transaction), stored, computed
    from (select * from debts where wallet_id > $1 and wallet_id <= $2) as debts
      full join (select * from by_transaction where owed > 0 or repaid > 0) as given on given.wallet_id = debts.wallet_id and given.transaction = debts.transaction,
      lateral (values
        ('debt', coalesce(amount_micros, 0), coalesce(owed, 0)),
        ('open debt', coalesce(open_micros, 0), coalesce(owed - repaid, 0)),
        ('debt repaid by lots', (select coalesce(sum(amount), 0) from unnest(repaid_micros) as amount), coalesce(repaid_by_lots, 0))
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    select coalesce(refunds.wallet_id, given.wallet_id), null, what || ' of transaction ' || coalesce(refunds.transaction, given.transaction), stored, computed
    from (select * from charge_refunds where wallet_id > $1 and wallet_id <= $2) as refunds
      full join (select * from by_transaction where refunded > 0) as given on given.wallet_id = refunds.wallet_id and given.transaction = refunds.transaction,
      lateral (values
        ('refund', coalesce(refunded_micros, 0), coalesce(refunded, 0)),
        ('refund to lots', (select coalesce(sum(amount), 0) from unnest(returned_micros) as amount), coalesce(returned, 0))
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    select wallet_id, null, what || ' ' || number, stored, computed
    from expecting, lateral (values
      ('position of entry', position * 1000000, case when is_misplaced then coalesce(position_before + 1, 0) else position end * 1000000),
      ('key of entry', case when is_unbound then 0 else 1000000 end, 1000000),
      ('answers without a key of entry', answers_without_key * 1000000, 0),
      ('parts of available after entry', case when key is null then 0 else greatest(parts_after_micros - available_after_micros, 0) end, 0),
      ('entries after the key of entry', case when key is null then 0 else coalesce(position_after, 0) end * 1000000, 0),
      ('available after entry', available_after_micros, expected_available),
      ('held after entry', case when key is null then held else held_after_micros end, held),
      ('debt after entry', case when key is null then expected_debt else debt_after_micros end, expected_debt)
    ) as facts (what, stored, computed)
    where (is_misplaced or is_unbound or answers_without_key > 0
        or (key is not null and (position_after > 0 or available_after_micros <> expected_available or held_after_micros <> held
          or debt_after_micros <> expected_debt or parts_after_micros > available_after_micros)))
      and stored <> computed
  )
  select wallet_id, lot_id, what, stored::bigint, computed::bigint from (select * from differences limit $3) as found
  union all
  select null, null, what, 0, count from (values
    ('wallets', (select count(*) from these_wallets)),
    ('lots', (select count(*) from these_lots)),
    ('entries', (select coalesce(sum(entries), 0) from by_wallet)::bigint)) as counts (what, count)`,
}
