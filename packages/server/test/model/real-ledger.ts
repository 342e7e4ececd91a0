import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Database, Statement } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { micros } from '../../src/kernel/credits.ts'
import { idMaker, type Uuid, type WalletOwner, walletId } from '../../src/kernel/ids.ts'
import type { Refusal } from '../../src/kernel/refusal.ts'
import { applyOperations } from '../../src/ledger/apply-operations.ts'
import type { LedgerContext } from '../../src/ledger/context.ts'
import { callerKey } from '../../src/ledger/keys.ts'
import type { Operation as RealOperation, Receipt as RealReceipt } from '../../src/ledger/operations.ts'
import { readHold, readWalletNow } from '../../src/ledger/read-wallet.ts'
import { type HoldRow, holdFromRow } from '../../src/ledger/rows.ts'
import { verify } from '../../src/ledger/verify.ts'
import { balanceOf, type Hold, remainingShares, uncollectedOf } from '../../src/ledger/wallet.ts'
import type { Answer, LedgerUnderTest, Stand, Stored } from './ledger-under-test.ts'
import { lapseId } from './naive-settle.ts'
import type { Balance, HoldView, Operation, Outcome, Receipt, RefusalCode, Refused } from './naive-types.ts'
import type { Account, Entry } from './naive-wallet.ts'

/** Nobody's hold, lot or transaction. */
const unknownId = '00000000-0000-7000-8000-000000000000'
const unknownTransaction = 1_000_000_000_000n

const entriesOfWallets: Statement = {
  name: 'entries_of_wallets',
  text: `select wallet_id, number, lot_id, from_account, to_account, amount_micros, coalesce(effective_at, recorded_at) as at
    from entries where wallet_id = any ($1::uuid[]) order by wallet_id, number`,
}

const holdsOfWallets: Statement = {
  name: 'holds_of_wallets',
  text: `select * from holds where wallet_id = any ($1::uuid[]) order by wallet_id, id`,
}

const waitingLotsOfWallets: Statement = {
  name: 'waiting_lots_of_wallets',
  text: `select wallet_id from waiting_lots where wallet_id = any ($1::uuid[])`,
}

interface EntryRow {
  readonly wallet_id: Uuid
  readonly number: bigint
  readonly lot_id: Uuid | null
  readonly from_account: Account | null
  readonly to_account: Account | null
  readonly amount_micros: bigint
  readonly at: Date
}

const newId = idMaker({ now: Date.now, randomBytes })

/** One wallet, and what the naive ledger calls the things in it. */
interface Book {
  readonly owner: WalletOwner
  readonly id: Uuid
  readonly transactionsByName: Map<string, bigint>
  readonly namesByTransaction: Map<bigint, string>
  lots: number
  holds: number
}

/** A PGlite in memory. */
export async function openRealStand(): Promise<Stand> {
  // What asks says what time it is; the database's own clock would be one more statement in each transaction.
  const database = await openDatabase({ dataDir: undefined, clock: () => new Date(0) })
  // In memory a page costs the same wherever it is. Otherwise batches as large as these are looked up by reading whole tables.
  await database.transaction(({ db }) => sql`set random_page_cost = 1`.execute(db))
  return { openLedger: () => new RealLedger(database), close: () => database.close() }
}

/** The ledger of this repository, on a database that it may share with others: its customers are its own. */
class RealLedger implements LedgerUnderTest {
  readonly #database: Database
  readonly #run = newId()
  readonly #books = new Map<string, Book>()
  readonly #walletsById = new Map<Uuid, string>()
  /** Of lots and holds. */
  readonly #idsByName = new Map<string, Uuid>()
  readonly #namesById = new Map<Uuid, string>()

  constructor(database: Database) {
    this.#database = database
  }

  async apply(operations: readonly Operation[], clock: Date): Promise<Answer[]> {
    await this.#nameLapses(operations)
    const asked = operations.map((operation) => this.#asked(operation))
    const outcomes = await this.#database.transaction((tx) => applyOperations(tx, asked, contextAt(clock)))
    return outcomes.map((outcome, index) => {
      const operation = operations[index]!
      return outcome.ok
        ? { outcome: this.#done(operation, outcome.receipt), whole: outcome.receipt }
        : { outcome: refused(outcome.refusal), whole: outcome.refusal.code }
    })
  }

  balance(wallet: string, clock: Date): Promise<Balance> {
    return this.#database.snapshot(async (tx) => {
      const { wallet: settled, now } = await readWalletNow(tx, this.#book(wallet).id, contextAt(clock))
      return balanceOf(settled, now)
    })
  }

  async hold(wallet: string, hold: string, clock: Date): Promise<HoldView | undefined> {
    const place = { walletId: this.#book(wallet).id, id: this.#idsByName.get(hold) ?? unknownId }
    const seen = await this.#database.snapshot((tx) => readHold(tx, place, contextAt(clock)))
    return seen && this.#holdView(seen.hold)
  }

  async stored(wallets: readonly string[]): Promise<Map<string, Stored>> {
    const ids = wallets.map((wallet) => this.#book(wallet).id)
    const { entries, holds, waiting } = await this.#database.snapshot(async (tx) => ({
      entries: await tx.run<EntryRow>(entriesOfWallets, [ids]),
      holds: await tx.run<HoldRow>(holdsOfWallets, [ids]),
      waiting: await tx.run<{ wallet_id: Uuid }>(waitingLotsOfWallets, [ids]),
    }))
    const entriesById = Map.groupBy(entries, (row) => row.wallet_id)
    const holdsById = Map.groupBy(holds, (row) => row.wallet_id)
    const waitingById = Map.groupBy(waiting, (row) => row.wallet_id)
    return new Map(
      wallets.map((wallet): [string, Stored] => {
        const { id } = this.#book(wallet)
        const its = entriesById.get(id) ?? []
        return [
          wallet,
          {
            numbers: its.map((row) => row.number),
            entries: its.flatMap((row) => this.#moved(row)),
            holds: (holdsById.get(id) ?? []).map((row) => this.#holdView(holdFromRow(row))),
            waitingLots: waitingById.get(id)?.length ?? 0,
          },
        ]
      }),
    )
  }

  /** Of a note nothing. */
  #moved({ lot_id: id, from_account: from, to_account: to, amount_micros: credits, at }: EntryRow): Entry[] {
    if (from === null || to === null) return []
    return [{ lot: id === null ? undefined : this.#namesById.get(id), from, to, credits, effectiveAt: at }]
  }

  async differences(): Promise<{ wallet: string; what: string }[]> {
    const { differences } = await verify(this.#database)
    return differences.flatMap(({ walletId: id, lotId, what, stored, computed }) => {
      const wallet = this.#walletsById.get(id)
      if (wallet === undefined) return []
      const lot = lotId === undefined ? '' : ` of ${this.#namesById.get(lotId)}`
      return [{ wallet, what: `${what}${lot}: ${stored} is stored, the entries say ${computed}` }]
    })
  }

  #book(wallet: string): Book {
    const known = this.#books.get(wallet)
    if (known !== undefined) return known
    // Two customers with two units each.
    const letter = wallet.slice(-1)
    const customer = `${this.#run} ${wallet.slice(0, -1)}${letter < 'C' ? 'x' : 'y'}`
    const owner: WalletOwner = {
      mode: 'test',
      customer,
      unit: letter === 'A' || letter === 'C' ? 'credits' : 'minutes',
    }
    const book: Book = {
      owner,
      id: walletId(owner),
      transactionsByName: new Map(),
      namesByTransaction: new Map(),
      lots: 0,
      holds: 0,
    }
    this.#books.set(wallet, book)
    this.#walletsById.set(book.id, wallet)
    return book
  }

  #id(name: string): Uuid {
    return this.#idsByName.get(name) ?? unknownId
  }

  /** A lapse is in no answer: its transaction is looked up when it is to be refunded. */
  async #nameLapses(operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      if (operation.kind !== 'refund') continue
      const { transactionsByName, id } = this.#book(operation.wallet)
      const name = operation.transaction
      const hold = this.#idsByName.get(name.slice(lapseId('').length))
      if (!name.startsWith(lapseId('')) || transactionsByName.has(name) || hold === undefined) continue
      const [lapse] = await this.#database.snapshot(({ db }) =>
        db
          .selectFrom('entries')
          .select('number')
          .where('wallet_id', '=', id)
          .where('hold_id', '=', hold)
          .where('operation', '=', 'lapse')
          .where('position', '=', 0)
          .execute(),
      )
      if (lapse !== undefined) transactionsByName.set(name, lapse.number)
    }
  }

  #asked(operation: Operation): RealOperation {
    const { owner, id, transactionsByName } = this.#book(operation.wallet)
    const key = callerKey(`${this.#run} ${operation.key}`, operation.kind, operation.body)
    const common = { walletId: id, key, owner }
    const noted = { description: undefined, catalogId: undefined, reason: undefined }
    switch (operation.kind) {
      case 'grant': {
        const { effectiveAt, expiry, credits } = operation
        const facts = { name: 'Lot', paid: undefined, orderId: undefined }
        return { ...operation, ...common, ...facts, credits: micros(credits), effectiveAt, expiry }
      }
      case 'adjust':
        return {
          ...operation,
          ...common,
          credits: micros(operation.credits),
          reason: 'history',
          actor: 'nobody',
        }
      case 'charge':
      case 'hold': {
        const { credits, action, limits = [] } = operation
        return {
          ...operation,
          ...common,
          ...noted,
          action,
          credits: micros(credits),
          limits: limits.map((limit) => ({ ...limit, max: micros(limit.max) })),
        }
      }
      case 'capture': {
        const credits = operation.credits === undefined ? undefined : micros(operation.credits)
        return { ...operation, ...common, holdId: this.#id(operation.hold), credits }
      }
      case 'release':
      case 'extend':
        return { ...operation, ...common, holdId: this.#id(operation.hold) }
      case 'checkpoint':
        return {
          ...operation,
          ...common,
          holdId: this.#id(operation.hold),
          credits: micros(operation.credits),
        }
      case 'refund': {
        const transaction = transactionsByName.get(operation.transaction) ?? unknownTransaction
        const credits = operation.credits === undefined ? undefined : micros(operation.credits)
        return { ...operation, ...common, ...noted, transaction, credits }
      }
      case 'revoke': {
        const credits = operation.credits === undefined ? undefined : micros(operation.credits)
        return { ...operation, ...common, ...noted, lotId: this.#id(operation.lot), credits }
      }
      case 'freeze':
      case 'unfreeze':
      case 'expire':
        return { ...operation, ...common, ...noted, lotId: this.#id(operation.lot) }
    }
  }

  #done({ wallet }: Operation, receipt: RealReceipt): Outcome {
    const { kind, at, credits, shares, hold, owed, wouldRefuse, balance } = receipt
    this.#nameThings(wallet, receipt)
    const answered: Receipt = {
      transaction: this.#transactionName(wallet, receipt.transaction),
      kind,
      at,
      credits,
      shares: shares.map(({ lotId, amount }) => ({
        lot: this.#namesById.get(lotId) ?? lotId,
        credits: amount,
      })),
      hold: hold && this.#holdView(hold),
      owed,
      wouldRefuse: wouldRefuse && (wouldRefuse.code as RefusalCode),
      balance,
    }
    return { ok: true, receipt: answered }
  }

  /** In the order in which they were made. */
  #nameThings(wallet: string, { kind, credits, shares, hold }: RealReceipt): void {
    const book = this.#book(wallet)
    const name = (id: Uuid, called: string): void => {
      this.#idsByName.set(called, id)
      this.#namesById.set(id, called)
    }
    const [lot] = shares
    const isNew = (id: Uuid) => !this.#namesById.has(id)
    if ((kind === 'grant' || kind === 'adjust') && credits > 0n && lot !== undefined && isNew(lot.lotId)) {
      book.lots += 1
      name(lot.lotId, `${wallet} lot ${book.lots}`)
    }
    if (hold !== undefined && isNew(hold.id)) {
      book.holds += 1
      name(hold.id, `${wallet} hold ${book.holds}`)
    }
  }

  #transactionName(wallet: string, transaction: bigint): string {
    const { namesByTransaction, transactionsByName } = this.#book(wallet)
    const known = namesByTransaction.get(transaction)
    if (known !== undefined) return known
    const name = `${wallet} transaction ${namesByTransaction.size + 1}`
    namesByTransaction.set(transaction, name)
    transactionsByName.set(name, transaction)
    return name
  }

  #holdView(hold: Hold): HoldView {
    const { id, state, amount, captured, expiresAt } = hold
    const rest = state === 'placed' ? remainingShares(hold) : []
    return {
      id: this.#namesById.get(id) ?? id,
      state,
      amount,
      captured,
      uncollected: uncollectedOf(hold),
      remaining: rest.reduce((sum, share) => sum + share.amount, 0n),
      expiresAt,
    }
  }
}

function contextAt(clock: Date): LedgerContext {
  return { newId, clock: () => clock }
}

function refused({ code, facts }: Refusal): Refused {
  const known = code as RefusalCode
  if (known === 'insufficient_credits') {
    const { required, spendable, missing } = facts as { required: bigint; spendable: bigint; missing: bigint }
    return { ok: false, code: known, facts: { required, spendable, missing } }
  }
  if (known === 'limit_exceeded') {
    const { limit, window, max, used } = facts as { limit: string; window: never; max: bigint; used: bigint }
    return { ok: false, code: known, facts: { name: limit, window, max, used } }
  }
  return { ok: false, code: known }
}
