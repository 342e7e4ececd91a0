import type { Fault } from '../../../../../tools/sabotage.ts'

/** Faults that people make, planted into the text of our code as it is loaded. Each must be caught. */

/** In one place of the ledger. */
function fault(name: string, file: string, find: string, replace: string): Fault {
  return { name, edits: [{ file: `packages/server/src/${file}`, find, replace }] }
}

export const faults: readonly Fault[] = [
  // Keys.
  fault(
    'skips the key check',
    'ledger/draft.ts',
    'if (before !== undefined) return replay(operation.key, before)',
    'void before',
  ),
  fault(
    'compares no fingerprint',
    'ledger/draft.ts',
    'if (before.fingerprint === key.fingerprint) return',
    'if (before.id === key.id) return',
  ),
  fault(
    'binds a key to its kind alone',
    'ledger/keys.ts',
    '${operation}\\n${canonicalJson(body)}',
    '${operation}',
  ),
  fault(
    'answers an old key as of today',
    'ledger/rows.ts',
    "return kind === 'hold' ? holdAsPlaced(hold) : holdFromJson(hold, facts)",
    'return hold',
  ),
  fault(
    'answers a share of nothing when asked again',
    'ledger/rows.ts',
    'lotId === null || amount === 0n ? []',
    'lotId === null ? []',
  ),

  // Lanes.
  {
    name: 'answers before the commit',
    edits: [
      {
        file: 'packages/server/src/ledger/lanes.ts',
        find: 'return await connection.transaction(async (session) => {',
        replace:
          'return await new Promise<Outcome[]>((early, fail) => connection.transaction(async (session) => {',
      },
      {
        file: 'packages/server/src/ledger/lanes.ts',
        find: 'return { answer: outcomes, writes }\n        })',
        replace: 'early(outcomes); return { answer: outcomes, writes } }).catch(fail))',
      },
    ],
  },
  fault(
    'repeats what may have been committed, under new keys',
    'ledger/lanes.ts',
    'if (!isConflict || tries === repeatsMax) throw error',
    'if (tries === repeatsMax) throw error; operations = operations.map((one) => ({ ...one, key: { ...one.key, id: context.newId() } }))',
  ),
  fault(
    'drops a batch that lost against others',
    'ledger/lanes.ts',
    'if (!isConflict || tries === repeatsMax) throw error',
    'if (isConflict) return new Promise(() => {}); throw error',
  ),
  fault(
    'answers each the outcome of another',
    'ledger/lanes.ts',
    'const outcome = outcomes[index]',
    'const outcome = outcomes[outcomes.length - 1 - index]',
  ),
  fault('never gives a wallet back to the queue', 'ledger/lanes.ts', 'queue.giveBack(batch)', 'void queue'),
  fault(
    'lets one bad operation fail its whole batch',
    'ledger/lanes.ts',
    'if (batch.length === 1 || error instanceof Fault) {',
    'if (batch.length > 0) {',
  ),
  fault('forgets what comes for a wallet at work', 'ledger/fair-queue.ts', 'taken.push(item)', 'void taken'),
  fault(
    'closes its connections while they work',
    'ledger/lanes.ts',
    'await Promise.all(running)',
    'void running',
  ),
  fault(
    'commits a job without its credits',
    'ledger/apply-operations.ts',
    'await tx.runAll(writes)',
    'void writes',
  ),

  // Load.
  fault(
    'takes no lock',
    'ledger/load.ts',
    'reading.ask(statements.lockWallets,',
    'reading.ask(statements.readWallets,',
  ),
  {
    name: 'reads before it locks',
    edits: [
      {
        file: 'packages/server/src/ledger/load.ts',
        find: 'const wallets = reading.ask(statements.lockWallets, [uuids(ids, (id) => id)])',
        replace: '',
      },
      {
        file: 'packages/server/src/ledger/load.ts',
        find: 'await reading.done()\n  const [now]',
        replace:
          'const wallets = reading.ask(statements.lockWallets, [uuids(ids, (id) => id)])\n  await reading.done()\n  const [now]',
      },
    ],
  },
  fault(
    'lets the clock step back',
    'ledger/load.ts',
    'row === undefined ? lockedAt : later(lockedAt, row.updated_at)',
    'lockedAt',
  ),
  fault(
    'lapses nothing by itself',
    'ledger/load.ts',
    'return wallet.nextLapseAt !== undefined && wallet.nextLapseAt <= now',
    'return false',
  ),
  fault('does not look at the lots that wait', 'ledger/load.ts', 'return asked > covered', 'return false'),
  fault(
    'shows holds that have lapsed',
    'ledger/read-wallet.ts',
    'const live = mayHaveLapsed ?',
    'const live = mayHaveLapsed && row.unit === undefined ?',
  ),

  // Time.
  fault(
    'lapses a hold twice',
    'ledger/draft.ts',
    'for (const hold of settled.lapsed) this.#keepHold(hold)',
    'for (const hold of settled.lapsed) this.#holdsById.set(hold.id, hold)',
  ),
  fault(
    'lapses holds when it notices',
    'ledger/settle.ts',
    "posting.begin({ ...hold, operation: 'lapse', at, holdId: hold.id })",
    "posting.begin({ ...hold, operation: 'lapse', at: new Date(at.getTime() + 1), holdId: hold.id })",
  ),
  {
    name: 'lets an expired lot pay until a job has run',
    edits: [
      {
        file: 'packages/server/src/ledger/settle.ts',
        find: '(lot.available > 0n ? lot.expiresAt : undefined)',
        replace: '(lot.available < 0n ? lot.expiresAt : undefined)',
      },
      {
        file: 'packages/server/src/ledger/wallet.ts',
        find: 'if (lot.effectiveAt > now || isExpired(lot, now)) return false',
        replace: 'if (lot.effectiveAt > now) return false',
      },
    ],
  },
  fault(
    'lets a lot pay before its start',
    'ledger/wallet.ts',
    'if (lot.effectiveAt > now || isExpired(lot, now)) return false',
    'if (isExpired(lot, now)) return false',
  ),
  fault(
    'forgets the sooner of two lapses',
    'ledger/decide/spend.ts',
    'earlier(posting.wallet.nextLapseAt, hold.expiresAt)',
    'posting.wallet.nextLapseAt ?? hold.expiresAt',
  ),
  fault(
    'shortens a hold that is extended',
    'ledger/decide/holds.ts',
    'later(hold.expiresAt, addMs(moment.now, operation.timeToLiveMs))',
    'addMs(moment.now, operation.timeToLiveMs)',
  ),

  // Spending.
  fault(
    'burns what matters least last',
    'ledger/wallet.ts',
    'return a.priority < b.priority',
    'return a.priority > b.priority',
  ),
  fault('ignores that a lot is frozen', 'ledger/wallet.ts', 'if (traits.isFrozen === true) return false', ''),
  fault(
    'lets a lot pay for any action',
    'ledger/wallet.ts',
    'return traits.scope === undefined || (action !== undefined && traits.scope.includes(action))',
    'return traits.scope === undefined || action !== undefined',
  ),
  fault(
    'lets an owing wallet spend',
    'ledger/decide/spend.ts',
    'if (missing === 0n && wallet.debt === 0n)',
    'if (missing === 0n || wallet.debt > 0n)',
  ),
  fault(
    'rounds a capture down',
    'ledger/decide/holds.ts',
    'takeInOrder(remaining, smaller(asked, inHold))',
    'takeInOrder(remaining, micros((smaller(asked, inHold) / 10n) * 10n))',
  ),
  fault(
    'forgets a lot on release',
    'ledger/decide/holds.ts',
    'const shares = remainingShares(hold)',
    'const shares = remainingShares(hold).slice(0, 1)',
  ),
  fault(
    'gives back what it has just captured',
    'ledger/decide/holds.ts',
    'for (const share of remainingShares(captured)) posting',
    'for (const share of remaining) posting',
  ),
  fault(
    'lowers a checkpoint',
    'ledger/decide/holds.ts',
    'operation.credits > hold.checkpoint ? operation.credits : hold.checkpoint',
    'operation.credits',
  ),
  fault(
    'revives what comes back to an expired lot',
    'ledger/posting.ts',
    "isLate && lateReturnDays === 0 ? 'expired' : 'available'",
    "isLate && lateReturnDays < 0 ? 'expired' : 'available'",
  ),

  fault(
    'forgets use that was reported and refused',
    'ledger/draft.ts',
    'this.#note(decision.hold)',
    'void decision',
  ),
  fault(
    'refuses an observed capture',
    'ledger/decide/holds.ts',
    'if (isRefused && operation.isObserved !== true)',
    'if (isRefused)',
  ),
  fault(
    'refuses an observed capture that comes late',
    'ledger/decide/holds.ts',
    'if (refusal !== undefined && operation.isObserved !== true)',
    'if (refusal !== undefined)',
  ),
  fault(
    'forgets what an observed hold was short of',
    'ledger/write.ts',
    '(row.short === 0n ? undefined : row.short)',
    'undefined',
  ),

  // Limits.
  fault(
    'counts no hold in its limits',
    'ledger/decide/spend.ts',
    'const limitChanges = countIn(operation, sum, now)',
    'const limitChanges: LimitChange[] = []',
  ),
  fault(
    'holds a limit against counts from before the batch',
    'ledger/draft.ts',
    'this.#counts = counted(this.#counts, changes.limitChanges)',
    'counted(this.#counts, changes.limitChanges)',
  ),
  fault(
    'keeps counting a hold that lapsed',
    'ledger/settle.ts',
    'limitChanges.push(...countChange(hold, ended))',
    'void countChange',
  ),

  fault(
    'counts what was used before the window began',
    'ledger/limits.ts',
    'count.startsAt.getTime() >= firstMs',
    'count.startsAt.getTime() <= firstMs + rollingBuckets * dayMs',
  ),

  // Refunds, revocations, debt.
  fault(
    'does not remember a refund',
    'ledger/decide/refund.ts',
    'refunded: micros(spending.refunded + credits),',
    'refunded: spending.refunded,',
  ),
  fault(
    'refunds more than was charged',
    'ledger/decide/refund.ts',
    'if (credits === 0n || credits > left || missing > 0n) {',
    'if (credits === 0n) {',
  ),
  fault(
    'counts a revocation twice',
    'ledger/write.ts',
    "if (to === 'revoked') update(lotId).revoked += amount",
    "if (to === 'revoked') update(lotId).revoked += amount * 2n",
  ),
  fault(
    'revokes a lot again and again',
    'ledger/decide/lots.ts',
    'micros(lot.granted - lot.revoked - pendingBefore)',
    'micros(lot.granted - pendingBefore)',
  ),
  fault(
    'gives back what was revoked while it was held',
    'ledger/posting.ts',
    'const revoked = smaller(pending, amount)',
    'const revoked = zeroCredits',
  ),
  fault('forgets to let a grant repay', 'ledger/decide/decision.ts', 'posting.repay(now)', 'void posting'),
  fault(
    'repays a debt twice',
    'ledger/posting.ts',
    'this.#repaid(debt.transaction, amount, [{ lotId: lot.id, amount }])',
    'void debt',
  ),

  // Rows.
  fault(
    'loses the lot that does not fit the row',
    'ledger/window.ts',
    'toWait: rest.filter((lot) => !isSame(seen.get(lot.id), lot)),',
    'toWait: rest.slice(1).filter((lot) => !isSame(seen.get(lot.id), lot)),',
  ),
  fault(
    'keeps a lot waiting that is back in the row',
    'ledger/window.ts',
    '[...seen.keys()].filter((id) => !open.has(id))',
    '[]',
  ),
  fault(
    'does not count the lots that wait',
    'ledger/write.ts',
    'waiting === before.waiting &&',
    'before.waiting.count >= 0 &&',
  ),
  fault(
    'numbers entries from where the wallet began',
    'ledger/rows.ts',
    'entryCount: row.entry_count,',
    'entryCount: row.entry_count > 20n ? 20n : row.entry_count,',
  ),
]
