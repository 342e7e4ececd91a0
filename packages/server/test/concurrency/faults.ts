import type { Edit, Fault } from '../../../../tools/sabotage.ts'
import { faultsForKills } from '../crash/faults.ts'
import { faults as simulated } from '../simulate/sabotage/faults.ts'

/** Faults that show only where several are at it at once, or a connection is lost. */

const ledger = (name: string): string => `packages/server/src/ledger/${name}`
const database = 'packages/server/src/database/postgres.ts'

/** Between reading and writing, for so long that others come in between. Alone it breaks nothing. */
const pause: Edit = {
  file: ledger('run-batch.ts'),
  find: 'const loaded = await loadBatch(session, operations, context)',
  replace: `const loaded = await loadBatch(session, operations, context)
  await new Promise((resolve) => setTimeout(resolve, 40))`,
}

/** Every other batch comes late to its locks. Alone it breaks nothing. */
const stumble: Edit[] = [
  {
    file: ledger('run-batch.ts'),
    find: 'const loaded = await loadBatch(session, operations, context)',
    replace: `batches += 1
  if (batches % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  const loaded = await loadBatch(session, operations, context)`,
  },
  {
    file: ledger('run-batch.ts'),
    find: 'export async function decideBatch(',
    replace: 'let batches = 0\nexport async function decideBatch(',
  },
]

/** The disk is so slow that a connection which is cut in the middle of a transaction is cut in the middle of its commit. Alone it breaks nothing. */
const slowCommits: Edit = {
  file: database,
  find: '-c jit=off',
  replace: '-c jit=off -c commit_delay=25000 -c commit_siblings=0',
}

/** Who waits in a circle hears of it in no time. Alone it breaks nothing. */
const quickDeadlocks: Edit = {
  file: database,
  find: "const inUtc = '-c TimeZone=UTC'",
  replace: "const inUtc = '-c TimeZone=UTC -c deadlock_timeout=20'",
}

/** A fault of another proof, with what makes it show in this one. */
function known(faults: readonly Fault[], name: string, ...edits: readonly Edit[]): Fault {
  const found = faults.find((fault) => fault.name === name)
  if (found === undefined) throw new Error(`There is no fault "${name}" any more.`)
  return { name, edits: [...found.edits, ...edits] }
}

/** How the wallets of a batch are locked. */
function lockedBy(replace: string): Edit {
  return { file: ledger('statements.ts'), find: 'order by id for no key update', replace }
}

const questions = {
  keys: `const entries = reading.askAbout(statements.readBoundKeys, operations, (all) => [
    uuids(all, (one) => one.key.id),
  ])`,
  holds: `const holds = reading.askAbout(statements.readHolds, operations.filter(namesHold), (all) => [
    uuids(all, (one) => one.holdId),
  ])`,
  refunds: 'const refunded = reading.askAbout(statements.readRefunds, refunds, transactionsOf)',
  counts: `const counts = reading.askAbout(statements.readCounts, limitsOf(operations), (all) => [
    quoted(all, (one) => one.name),
    plain(all, (one) => one.buckets),
  ])`,
}

/** What is asked about wallets before they are locked, and may have changed by then. */
function askedBeforeTheLock(question: keyof typeof questions): Edit[] {
  const text = questions[question]
  const lock = 'const wallets = reading.ask(statements.lockWallets, [uuids(ids, (id) => id)])'
  const refunds = "const refunds = operations.filter((operation) => operation.kind === 'refund')"
  return [
    { file: ledger('load.ts'), find: text, replace: '' },
    { file: ledger('load.ts'), find: refunds, replace: '' },
    { file: ledger('load.ts'), find: lock, replace: `${refunds}\n  ${text}\n  ${lock}` },
    pause,
  ]
}

const keysOfTheProcess: Edit[] = [
  {
    file: ledger('draft.ts'),
    find: `remembersKeys || loaded.bound.length > 0
        ? new Map(loaded.bound.map((bound) => [bound.id, bound]))
        : undefined`,
    replace:
      'keysByWallet.get(loaded.wallet.id) ?? new Map<Uuid, BoundKey>()\n    keysByWallet.set(loaded.wallet.id, this.#boundByKey)',
  },
  {
    file: ledger('draft.ts'),
    find: 'function counted(',
    replace: 'const keysByWallet = new Map<Uuid, Map<Uuid, BoundKey>>()\nfunction counted(',
  },
  pause,
]

/** On Postgres only, for a migrated PGlite is kept under the name of its migrations. */
const noIndexOfKeys: Edit[] = [
  {
    file: 'packages/server/src/database/open-database.ts',
    find: "import type { Kysely } from 'kysely'",
    replace: "import { type Kysely, sql } from 'kysely'",
  },
  {
    file: 'packages/server/src/database/open-database.ts',
    find: 'if (!isMigrated(options)) await migrate(database.kysely)',
    replace: `if (!isMigrated(options)) await migrate(database.kysely)
    if ('url' in options) await sql\`drop index if exists entries_key\`.execute(database.kysely)`,
  },
]

export const faults: readonly Fault[] = [
  // Wallets.
  known(simulated, 'takes no lock', pause),
  {
    name: 'takes no lock, and lets go of the second of two entries with one number',
    edits: [
      ...known(simulated, 'takes no lock', pause).edits,
      {
        file: ledger('statements.ts'),
        find: 'from unnest($1::bigint[]) with ordinality as entry (number, place)`',
        replace: 'from unnest($1::bigint[]) with ordinality as entry (number, place) on conflict do nothing`',
      },
    ],
  },
  { name: 'locks wallets for share', edits: [lockedBy('order by id for share'), quickDeadlocks, pause] },
  {
    name: 'passes over wallets that somebody else has locked',
    edits: [lockedBy('order by id for no key update skip locked'), pause],
  },
  {
    name: 'locks wallets in the order in which they are named',
    edits: [
      lockedBy('order by array_position($1::uuid[], id) for no key update'),
      { file: ledger('load.ts'), find: '[...byWallet.keys()].sort()', replace: '[...byWallet.keys()]' },
      quickDeadlocks,
      pause,
    ],
  },
  {
    name: 'looks first whether there is a wallet, and then makes it',
    edits: [
      {
        file: ledger('statements.ts'),
        find: 'as new (id, mode, customer_id, unit)\n    order by id\n    on conflict do nothing`',
        replace: `as new (id, mode, customer_id, unit)
    where not exists (select from wallets where wallets.id = new.id) order by id\``,
      },
      pause,
    ],
  },
  {
    name: 'reads as of the beginning of its transaction',
    edits: [
      { file: database, find: "text: 'begin' }", replace: "text: 'begin isolation level repeatable read' }" },
      pause,
    ],
  },

  // What belongs to wallets.
  known(simulated, 'reads before it locks', pause),
  { name: 'reads counts of limits before it locks', edits: askedBeforeTheLock('counts') },
  { name: 'reads holds before it locks', edits: askedBeforeTheLock('holds') },
  { name: 'reads refunds before it locks', edits: askedBeforeTheLock('refunds') },
  {
    name: 'reads keys before it locks, and no index refuses them twice',
    edits: [...askedBeforeTheLock('keys'), ...noIndexOfKeys],
  },
  { name: 'knows the keys of its own process only', edits: keysOfTheProcess },
  {
    name: 'knows the keys of its own process only, and no index refuses them twice',
    edits: [...keysOfTheProcess, ...noIndexOfKeys],
  },
  {
    name: 'counts the limits of its own process only',
    edits: [
      {
        file: ledger('draft.ts'),
        find: 'this.#counts = loaded.counts',
        replace: 'this.#counts = countsByWallet.get(loaded.wallet.id) ?? []',
      },
      {
        file: ledger('draft.ts'),
        find: 'this.#counts = counted(this.#counts, changes.limitChanges)',
        replace:
          'countsByWallet.set(this.wallet.id, (this.#counts = counted(this.#counts, changes.limitChanges)))',
      },
      {
        file: ledger('draft.ts'),
        find: 'function counted(',
        replace: 'const countsByWallet = new Map<Uuid, readonly LimitCount[]>()\nfunction counted(',
      },
    ],
  },

  // Lanes.
  {
    name: 'gives a wallet to two lanes at once',
    edits: [
      {
        file: ledger('fair-queue.ts'),
        find: 'for (const [walletId, items] of this.#ready) {',
        replace: 'for (const [walletId, items] of [...this.#ready]) {',
      },
      {
        file: ledger('fair-queue.ts'),
        find: 'this.#taken.set(walletId, rest)\n      this.#readySize -= items.length + rest.length',
        replace:
          'if (rest.length > 0) this.#ready.set(walletId, rest)\n      this.#readySize -= items.length',
      },
      ...stumble,
    ],
  },
  {
    name: 'sends two batches over one connection',
    edits: [
      {
        file: ledger('lanes.ts'),
        find: 'const connection = idle.pop()',
        replace: 'const connection = connections[0]',
      },
      pause,
    ],
  },
  known(faultsForKills, 'a batch is answered before it is written', slowCommits),
  known(faultsForKills, 'a batch whose commit failed is answered all the same'),
  known(simulated, 'repeats what may have been committed, under new keys', slowCommits),

  // Orders.
  {
    name: 'takes no lock of an order',
    edits: [
      {
        file: 'packages/server/src/orders/queries.ts',
        find: `.where('id', '=', orderId)
    .forUpdate()`,
        replace: `.where('id', '=', orderId)`,
      },
      pause,
    ],
  },
]
