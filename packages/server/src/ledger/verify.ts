import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'

/** A stored sum that its entries do not add up to. Amounts in millionths of a credit. */
export interface Difference {
  readonly walletId: Uuid
  readonly lotId: Uuid | undefined
  readonly what: string
  readonly stored: bigint
  readonly computed: bigint
}

export interface Verification {
  readonly wallets: bigint
  readonly lots: bigint
  readonly entries: bigint
  readonly differences: readonly Difference[]
}

interface DifferenceRow {
  wallet_id: Uuid
  lot_id: Uuid | null
  what: string
  stored: bigint
  computed: bigint
}

/** More than anyone reads; the first are enough to start from. */
const differencesMax = 1000

/**
 * Recomputes every stored sum from the entries: each wallet's available, held and debt, each lot's granted, available and held, each hold.
 * One statement, so that it sees one moment of a ledger that goes on.
 */
export async function verify(tx: Transaction): Promise<Verification> {
  const { rows } = await sql<DifferenceRow>`
    with moved as (
      select wallet_id, lot_id, account, sum(amount)::bigint as amount
      from (
        select wallet_id, lot_id, to_account as account, amount_micros as amount from entries where to_account is not null
        union all
        select wallet_id, lot_id, from_account, -amount_micros from entries where from_account is not null
      ) as both_sides
      group by wallet_id, lot_id, account
    ), by_wallet as (
      select wallet_id,
        coalesce(sum(amount) filter (where account = 'available'), 0)::bigint as available,
        coalesce(sum(amount) filter (where account = 'held'), 0)::bigint as held,
        coalesce(-sum(amount) filter (where account = 'debt'), 0)::bigint as debt
      from moved group by wallet_id
    ), by_lot as (
      select wallet_id, lot_id,
        coalesce(-sum(amount) filter (where account = 'issued'), 0)::bigint as granted,
        coalesce(sum(amount) filter (where account = 'available'), 0)::bigint as available,
        coalesce(sum(amount) filter (where account = 'held'), 0)::bigint as held,
        coalesce(sum(amount) filter (where account = 'expired'), 0)::bigint as expired,
        coalesce(sum(amount) filter (where account = 'revoked'), 0)::bigint as revoked
      from moved where lot_id is not null group by wallet_id, lot_id
    ), open_lots as (
      select wallets.id as wallet_id, open.*
      from wallets, unnest(lot_ids, lot_available_micros, lot_held_micros, lot_priorities, lot_effective_ms, lot_expires_ms)
        as open (lot_id, available, held, priority, effective_ms, expires_ms)
      union all
      select wallet_id, id, available_micros, held_micros, priority, effective_ms, expires_ms from waiting_lots
    ), in_row as (
      select wallet_id, sum(available)::bigint as available, sum(held)::bigint as held from open_lots group by wallet_id
    ), by_hold as (
      select wallet_id, hold_id, sum(case when to_account = 'held' then amount_micros when from_account = 'held' then -amount_micros else 0 end)::bigint as held,
        coalesce(sum(amount_micros) filter (where from_account = 'held' and to_account = 'spent'), 0)::bigint as captured
      from entries where hold_id is not null group by wallet_id, hold_id
    )
    select id as wallet_id, null::uuid as lot_id, what, stored, computed
    from wallets
      left join by_wallet on by_wallet.wallet_id = wallets.id
      left join in_row on in_row.wallet_id = wallets.id,
      lateral (values
        ('wallet available', available_micros, coalesce(by_wallet.available, 0)),
        ('wallet held', held_micros, coalesce(by_wallet.held, 0)),
        ('wallet debt', debt_micros, coalesce(by_wallet.debt, 0)),
        ('open lots available', available_micros, coalesce(in_row.available, 0)),
        ('open lots held', held_micros, coalesce(in_row.held, 0))
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    select lots.wallet_id, lots.id, what, stored, computed
    from lots
      left join by_lot on by_lot.wallet_id = lots.wallet_id and by_lot.lot_id = lots.id
      left join open_lots on open_lots.wallet_id = lots.wallet_id and open_lots.lot_id = lots.id,
      lateral (values
        ('lot granted', granted_micros, coalesce(by_lot.granted, 0)),
        ('lot available', coalesce(open_lots.available, 0), coalesce(by_lot.available, 0)),
        ('lot held', coalesce(open_lots.held, 0), coalesce(by_lot.held, 0)),
        ('lot expired', expired_micros, coalesce(by_lot.expired, 0)),
        ('lot revoked', revoked_micros, coalesce(by_lot.revoked, 0)),
        -- What decides the burn order is kept twice: in the lot, and in the wallet's row while it is open.
        ('lot priority', coalesce(open_lots.priority, lots.priority), lots.priority),
        ('lot start (ms)', coalesce(open_lots.effective_ms, (extract(epoch from lots.effective_at) * 1000)::bigint), (extract(epoch from lots.effective_at) * 1000)::bigint),
        ('lot expiry (ms)', case when open_lots.lot_id is null then 0 else coalesce(open_lots.expires_ms, 0) end,
          case when open_lots.lot_id is null then 0 else coalesce((extract(epoch from lots.expires_at) * 1000)::bigint, 0) end)
      ) as sums (what, stored, computed)
    where stored <> computed
    union all
    select known.wallet_id, known.lot_id, 'lot without a row', 0, known.amount
    from (select wallet_id, lot_id, granted as amount from by_lot union select wallet_id, lot_id, available + held from open_lots) as known
      left join lots on lots.wallet_id = known.wallet_id and lots.id = known.lot_id
    where lots.id is null
    union all
    select by_hold.wallet_id, null, 'hold without a row ' || by_hold.hold_id, 0, by_hold.held
    from by_hold left join holds on holds.wallet_id = by_hold.wallet_id and holds.id = by_hold.hold_id where holds.id is null
    union all
    select holds.wallet_id, null, what || ' ' || holds.id, stored, computed
    from holds left join by_hold on by_hold.wallet_id = holds.wallet_id and by_hold.hold_id = holds.id,
      lateral (values
        ('hold held', case when state = 'placed' then amount_micros - from_shares_micros else 0 end, coalesce(by_hold.held, 0)),
        ('hold captured', from_shares_micros, coalesce(by_hold.captured, 0))
      ) as sums (what, stored, computed)
    where stored <> computed
    limit ${differencesMax}`.execute(tx.db)
  const { rows: counts } = await sql<{ wallets: bigint; lots: bigint; entries: bigint }>`
    select (select count(*) from wallets) as wallets, (select count(*) from lots) as lots, (select count(*) from entries) as entries`.execute(
    tx.db,
  )
  const [count = { wallets: 0n, lots: 0n, entries: 0n }] = counts
  const differences = rows.map((row) => ({
    walletId: row.wallet_id,
    lotId: row.lot_id ?? undefined,
    what: row.what,
    stored: row.stored,
    computed: row.computed,
  }))
  return { ...count, differences }
}
