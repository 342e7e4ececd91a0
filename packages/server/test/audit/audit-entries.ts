/**
 * The ledger recomputed from its entries alone, by somebody who never read the server's code: written from docs/ledger.md, in plain SQL,
 * importing nothing of `packages/server/src` (a lint rule), so that a mistake there is not made here too. For proofs that kill processes, race
 * connections or pull plugs, and then ask whether the books still add up.
 */

export interface Audit {
  readonly wallets: number
  readonly lots: number
  readonly entries: number
  /** In words, with ids; empty when everything adds up. */
  readonly differences: string[]
}

/**
 * Audits every wallet. Nobody may write meanwhile, unless all of the queries run in one `repeatable read` transaction.
 *
 * @param query one statement to its rows: `(sql) => client.query(sql).then((result) => result.rows)`
 */
export async function auditEntries(
  query: (sql: string) => Promise<Record<string, unknown>[]>,
): Promise<Audit> {
  const differences: string[] = []
  // One after the other: the caller has one connection.
  for (const check of checks) {
    const rows = await query(
      `${common} select difference from (${check}) as found (difference) limit ${differencesMax}`,
    )
    for (const { difference } of rows) differences.push(String(difference))
  }
  const [counts = {}] = await query(
    'select (select count(*) from wallets) as wallets, (select count(*) from lots) as lots, (select count(*) from entries) as entries',
  )
  const countOf = (name: string) => Number(counts[name])
  return { wallets: countOf('wallets'), lots: countOf('lots'), entries: countOf('entries'), differences }
}

/** Of each check; more than anyone reads. */
const differencesMax = 20

/** What the checks start from; a check pays only for what it names. */
const common = `
  with sides as (
    select wallet_id, number, lot_id, hold_id, to_account as account, amount_micros as amount from entries where to_account is not null
    union all
    select wallet_id, number, lot_id, hold_id, from_account, -amount_micros from entries where from_account is not null
  ),
  lot_accounts as (
    select wallet_id, lot_id,
      -coalesce(sum(amount) filter (where account = 'issued'), 0) as granted,
      coalesce(sum(amount) filter (where account = 'available'), 0) as available,
      coalesce(sum(amount) filter (where account = 'held'), 0) as held,
      coalesce(sum(amount) filter (where account = 'spent'), 0) as spent,
      coalesce(sum(amount) filter (where account = 'expired'), 0) as expired,
      coalesce(sum(amount) filter (where account = 'revoked'), 0) as revoked
    from sides where lot_id is not null group by wallet_id, lot_id
  ),
  stored_open as (
    select wallets.id as wallet_id, open.lot_id, open.available, open.held
    from wallets, unnest(lot_ids, lot_available_micros, lot_held_micros) as open (lot_id, available, held)
    union all
    select wallet_id, id, available_micros, held_micros from waiting_lots
  ),
  transactions as (
    select *, number - position as transaction from entries
  )`

/** A row of words for each pair of figures that should be one. */
function compare(
  from: string,
  subject: string,
  pairs: Record<string, readonly [stored: string, computed: string]>,
): string {
  const values = Object.entries(pairs)
    .map(([name, [stored, computed]]) => `('${name}', (${stored})::numeric, (${computed})::numeric)`)
    .join(', ')
  return `select format('%s: %s is stored as %s, and by the entries it is %s', ${subject}, pair.name, coalesce(pair.stored::text, 'nothing'), coalesce(pair.computed::text, 'nothing'))
    from ${from} cross join lateral (values ${values}) as pair (name, stored, computed)
    where pair.stored is distinct from pair.computed`
}

const checks: readonly string[] = [
  // The journal: numbered 1, 2, 3 … in each wallet, and transactions stand together.
  compare(
    `wallets full join (select wallet_id, count(*) as count, min(number) as first, max(number) as last from entries group by wallet_id) as journal
      on journal.wallet_id = wallets.id`,
    `format('wallet %s', coalesce(wallets.id, journal.wallet_id))`,
    {
      'how many entries there are': ['wallets.entry_count', 'coalesce(journal.count, 0)'],
      'the first number': ['case when journal.count > 0 then 1 end', 'journal.first'],
      'the last number': ['nullif(wallets.entry_count, 0)', 'journal.last'],
    },
  ),
  `select format('wallet %s: entry %s has position %s, after an entry with position %s', wallet_id, number, position, coalesce(before::text, 'none'))
    from (select *, lag(position) over (partition by wallet_id order by number) as before from entries) as journal
    where position <> 0 and position is distinct from before + 1`,

  // Keys: bound once in a wallet, on the last entry of a transaction.
  `select format('wallet %s: key %s is bound %s times', wallet_id, key, count(*)) from entries where key is not null group by wallet_id, key having count(*) > 1`,
  `select format('wallet %s: key %s is bound in the middle of transaction %s', entry.wallet_id, entry.key, entry.transaction)
    from transactions as entry join entries as after on after.wallet_id = entry.wallet_id and after.number = entry.number + 1 and after.position > 0
    where entry.key is not null`,

  // No account is ever below zero; a lot is issued once, before anything else happens to it.
  `select format('wallet %s: %s of %s is %s after entry %s', wallet_id, account, coalesce('lot ' || lot_id, 'what no lot paid'), sum, number)
    from (
      select *, sum(case when account in ('debt', 'issued') then -amount else amount end) over (partition by wallet_id, lot_id, account order by number) as sum
      from sides
    ) as running
    where sum < 0`,
  `select format('wallet %s: entry %s of lot %s comes %s', wallet_id, number, lot_id, case place when 1 then 'before it was issued' else 'to issue it again' end)
    from (select *, row_number() over (partition by wallet_id, lot_id order by number) as place from entries where lot_id is not null) as history
    where (place = 1) <> (from_account is not distinct from 'issued')`,

  // Wallets.
  compare(
    `wallets left join (
      select wallet_id, sum(amount) filter (where account = 'available') as available, sum(amount) filter (where account = 'held') as held,
        -sum(amount) filter (where account = 'debt') as debt,
        sum(amount) filter (where account = 'spent' and lot_id is null) as unpaid
      from sides group by wallet_id) as computed on computed.wallet_id = wallets.id
    left join (select wallet_id, sum(available) as available, sum(held) as held from stored_open group by wallet_id) as open on open.wallet_id = wallets.id
    left join (select wallet_id, sum(open_micros) as open from debts group by wallet_id) as owed on owed.wallet_id = wallets.id
    left join (select wallet_id, sum(amount_micros - from_shares_micros) as held from holds where state = 'placed' group by wallet_id) as live on live.wallet_id = wallets.id`,
    `format('wallet %s', wallets.id)`,
    {
      available: ['wallets.available_micros', 'coalesce(computed.available, 0)'],
      held: ['wallets.held_micros', 'coalesce(computed.held, 0)'],
      debt: ['wallets.debt_micros', 'coalesce(computed.debt, 0)'],
      'what no lot paid': ['wallets.debt_micros', 'coalesce(computed.unpaid, 0)'],
      'available in all lots': ['coalesce(open.available, 0)', 'coalesce(computed.available, 0)'],
      'held in all lots': ['coalesce(open.held, 0)', 'coalesce(computed.held, 0)'],
      'held by all live holds': ['coalesce(live.held, 0)', 'coalesce(computed.held, 0)'],
      'owed in all debts': ['coalesce(owed.open, 0)', 'coalesce(computed.debt, 0)'],
    },
  ),

  // Lots.
  compare(
    `lots full join lot_accounts as computed on computed.wallet_id = lots.wallet_id and computed.lot_id = lots.id
    left join (select wallet_id, lot_id, sum(available) as available, sum(held) as held from stored_open group by wallet_id, lot_id) as open
      on open.wallet_id = lots.wallet_id and open.lot_id = lots.id`,
    `format('wallet %s: lot %s', coalesce(lots.wallet_id, computed.wallet_id), coalesce(lots.id, computed.lot_id))`,
    {
      granted: ['lots.granted_micros', 'computed.granted'],
      available: ['coalesce(open.available, 0)', 'computed.available'],
      held: ['coalesce(open.held, 0)', 'computed.held'],
      spent: [
        'lots.granted_micros - coalesce(open.available, 0) - coalesce(open.held, 0) - lots.expired_micros - lots.revoked_micros',
        'computed.spent',
      ],
      expired: ['lots.expired_micros', 'computed.expired'],
      revoked: ['lots.revoked_micros', 'computed.revoked'],
    },
  ),
  `select format('wallet %s: lot %s is open %s times', wallet_id, lot_id, count(*)) from stored_open group by wallet_id, lot_id having count(*) > 1`,
  `select format('wallet %s: lot %s is open, and was never granted', wallet_id, lot_id)
    from stored_open where not exists (select from lots where lots.wallet_id = stored_open.wallet_id and lots.id = stored_open.lot_id)`,

  // Holds: what the live ones still have is what is held, lot by lot too.
  compare(
    `holds full join (
      select wallet_id, hold_id, sum(amount) filter (where account = 'held') as held,
        sum(amount) filter (where account = 'spent') as captured
      from sides where hold_id is not null group by wallet_id, hold_id) as computed on computed.wallet_id = holds.wallet_id and computed.hold_id = holds.id
    left join (
      select wallet_id, hold_id, sum(amount_micros) as placed from entries where to_account = 'held' group by wallet_id, hold_id) as taken
      on taken.wallet_id = computed.wallet_id and taken.hold_id = computed.hold_id
    left join (
      select wallet_id, hold_id, sum(amount_micros) as captured from entries where from_account = 'held' and to_account = 'spent' group by wallet_id, hold_id) as paid
      on paid.wallet_id = computed.wallet_id and paid.hold_id = computed.hold_id`,
    `format('wallet %s: hold %s', coalesce(holds.wallet_id, computed.wallet_id), coalesce(holds.id, computed.hold_id))`,
    {
      placed: ['holds.amount_micros', 'coalesce(taken.placed, 0)'],
      held: [
        "case when holds.id is not null then case when holds.state = 'placed' then holds.amount_micros - holds.from_shares_micros else 0 end end",
        'coalesce(computed.held, 0)',
      ],
      captured: ['holds.captured_micros', 'coalesce(computed.captured, 0)'],
      'captured of what was held': ['holds.from_shares_micros', 'coalesce(paid.captured, 0)'],
    },
  ),
  compare(
    `(select wallet_id, lot_id, sum(least(amount, greatest(until - from_shares_micros, 0))) as held
      from (
        select holds.wallet_id, from_shares_micros, share.lot_id, share.amount, sum(share.amount) over (partition by holds.wallet_id, holds.id order by place) as until
        from holds, unnest(lot_ids, lot_amounts_micros) with ordinality as share (lot_id, amount, place) where state = 'placed'
      ) as shares group by wallet_id, lot_id) as live
    full join (select * from lot_accounts where held <> 0) as computed on computed.wallet_id = live.wallet_id and computed.lot_id = live.lot_id`,
    `format('wallet %s: lot %s', coalesce(live.wallet_id, computed.wallet_id), coalesce(live.lot_id, computed.lot_id))`,
    { 'held by live holds': ['coalesce(live.held, 0)', 'coalesce(computed.held, 0)'] },
  ),

  // Debts and refunds, by the transaction that made or was given them.
  compare(
    `debts full join (
      select wallet_id, transaction, sum(amount_micros) as made from transactions where from_account = 'debt' group by wallet_id, transaction) as made
      on made.wallet_id = debts.wallet_id and made.transaction = debts.transaction
    full join (
      select wallet_id, about_transaction, sum(amount_micros) as repaid from entries where to_account = 'debt' group by wallet_id, about_transaction) as repaid
      on repaid.wallet_id = made.wallet_id and repaid.about_transaction = made.transaction`,
    `format('wallet %s: the debt of transaction %s', coalesce(debts.wallet_id, made.wallet_id, repaid.wallet_id), coalesce(debts.transaction, made.transaction, repaid.about_transaction))`,
    {
      amount: ['debts.amount_micros', 'coalesce(made.made, 0)'],
      open: ['debts.open_micros', 'coalesce(made.made, 0) - coalesce(repaid.repaid, 0)'],
    },
  ),
  compare(
    `charge_refunds as refunds full join (
      select wallet_id, about_transaction, sum(amount_micros) as refunded from entries where operation = 'refund' group by wallet_id, about_transaction) as given
      on given.wallet_id = refunds.wallet_id and given.about_transaction = refunds.transaction`,
    `format('wallet %s: of transaction %s', coalesce(refunds.wallet_id, given.wallet_id), coalesce(refunds.transaction, given.about_transaction))`,
    { refunded: ['refunds.refunded_micros', 'given.refunded'] },
  ),
  `select format('wallet %s: transaction %s spent %s, and %s of it was refunded', refunds.wallet_id, refunds.transaction, coalesce(spent.amount, 0), refunded_micros)
    from charge_refunds as refunds left join lateral (
      select sum(amount_micros) as amount from transactions where wallet_id = refunds.wallet_id and transaction = refunds.transaction and to_account = 'spent') as spent on true
    where refunded_micros > coalesce(spent.amount, 0)`,
]
