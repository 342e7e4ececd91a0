/**
 * Ids. All are UUIDs, made by us, so that no statement waits for a sequence: UUIDv7 for everything but wallets, whose id is
 * derived from whose wallet it is (no lookup; any node computes it). Transactions alone are numbered, each wallet's by itself.
 *
 * On the wire an id carries its kind: `ord_01k…`. What lives in a wallet (lots, holds, transactions) carries its wallet too,
 * so that an id alone finds its row, whatever machine the wallet is on.
 */
import { hash } from 'node:crypto'

export type Uuid = string

/** Makes ids: in order of time within one process, even within a millisecond. */
export type NewId = () => Uuid

export interface IdSources {
  /** Milliseconds since 1970. */
  now(): number
  /** As many random bytes as asked for. */
  randomBytes(count: number): Uint8Array
}

const randomBytesPerId = 10

/** Drawing for each id by itself took 2 of a hold's 60 µs. */
const idsPerDraw = 256

/** UUIDv7 (RFC 9562): 48 bits of milliseconds, a 12-bit counter within the millisecond, 62 random bits. */
export function idMaker(sources: IdSources): NewId {
  let lastMs = 0
  let counter = 0
  let pool = new Uint8Array(0)
  let used = 0
  return () => {
    const nowMs = sources.now()
    if (used === pool.length) {
      pool = Uint8Array.from(sources.randomBytes(randomBytesPerId * idsPerDraw))
      used = 0
    }
    const random = pool.subarray(used, used + randomBytesPerId)
    used += randomBytesPerId
    if (nowMs > lastMs) {
      lastMs = nowMs
      // Starting low leaves the counter room to grow within this millisecond.
      counter = ((random[8] ?? 0) << 2) | ((random[9] ?? 0) & 3)
    } else if (counter < 0xfff) {
      counter += 1
    } else {
      lastMs += 1
      counter = 0
    }
    const bytes = new Uint8Array(16)
    bytes.set(random.subarray(0, 8), 8)
    for (let byte = 5, rest = lastMs; byte >= 0; byte -= 1, rest = Math.floor(rest / 256))
      bytes[byte] = rest % 256
    bytes[6] = 0x70 | (counter >> 8)
    bytes[7] = counter & 0xff
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
    return uuidFromBytes(bytes)
  }
}

export type Mode = 'test' | 'live'

export interface WalletOwner {
  readonly mode: Mode
  readonly customer: string
  readonly unit: string
}

/** A wallet's id: UUIDv8 from SHA-256 over a version tag, the mode, the customer's id with its length, and the unit. */
export function walletId(owner: WalletOwner): Uuid {
  const customerBytes = Buffer.byteLength(owner.customer)
  const named = `tallystick wallet 1\n${owner.mode}\n${customerBytes}:${owner.customer}\n${owner.unit}`
  return uuidFromDigest(hash('sha256', named, 'buffer'))
}

/** The first 16 bytes of a digest as a UUIDv8 (RFC 9562), for ids and keys that are derived and not drawn. */
export function uuidFromDigest(digest: Uint8Array): Uuid {
  const bytes = Uint8Array.from(digest.subarray(0, 16))
  bytes[6] = 0x80 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return uuidFromBytes(bytes)
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)
}

function uuidFromBytes(bytes: Uint8Array): Uuid {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const prefixOf = {
  order: 'ord',
  refund: 'rfd',
  hold: 'hold',
  lot: 'lot',
  wallet: 'wal',
} as const

export type IdKind = keyof typeof prefixOf

/** The kinds of id that live in a wallet and name it. */
export type WalletIdKind = 'hold' | 'lot'

export interface IdInWallet {
  readonly walletId: Uuid
  readonly id: Uuid
}

export function formatId(kind: Exclude<IdKind, WalletIdKind>, id: Uuid): string {
  return `${prefixOf[kind]}_${base32FromUuid(id)}`
}

export function formatIdInWallet(kind: WalletIdKind, { walletId, id }: IdInWallet): string {
  return `${prefixOf[kind]}_${base32FromUuid(id)}${base32FromUuid(walletId)}`
}

/** The id in `ord_…`, or undefined when the text is no id of that kind. The only way in from the wire. */
export function parseId(kind: Exclude<IdKind, WalletIdKind>, text: string): Uuid | undefined {
  const prefix = `${prefixOf[kind]}_`
  return text.startsWith(prefix) ? uuidFromBase32(text.slice(prefix.length)) : undefined
}

/** The wallet and the id in `hold_…` or `lot_…`, or undefined when the text is no id of that kind. */
export function parseIdInWallet(kind: WalletIdKind, text: string): IdInWallet | undefined {
  const prefix = `${prefixOf[kind]}_`
  if (!text.startsWith(prefix) || text.length !== prefix.length + 2 * base32Length) return undefined
  const id = uuidFromBase32(text.slice(prefix.length, prefix.length + base32Length))
  const wallet = uuidFromBase32(text.slice(prefix.length + base32Length))
  return id === undefined || wallet === undefined ? undefined : { walletId: wallet, id }
}

/** A transaction has a number in its wallet: `txn_` with the number, in 13 digits, and the wallet. */
export interface TransactionId {
  readonly walletId: Uuid
  readonly transaction: bigint
}

const numberLength = 13

export function formatTransactionId({ walletId: wallet, transaction }: TransactionId): string {
  return `txn_${base32(transaction, numberLength)}${base32FromUuid(wallet)}`
}

export function parseTransactionId(text: string): TransactionId | undefined {
  if (!text.startsWith('txn_') || text.length !== 4 + numberLength + base32Length) return undefined
  const transaction = numberFromBase32(text.slice(4, 4 + numberLength))
  const wallet = uuidFromBase32(text.slice(4 + numberLength))
  // What a bigint column does not hold is the number of no transaction.
  if (transaction === undefined || transaction >> 63n !== 0n || wallet === undefined) return undefined
  return { walletId: wallet, transaction }
}

/** Crockford's alphabet in lower case: no letter that reads like a digit, and a double click selects it whole. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const base32Length = 26

function base32FromUuid(id: Uuid): string {
  return base32(BigInt(`0x${id.replaceAll('-', '')}`), base32Length)
}

function base32(number: bigint, digits: number): string {
  let rest = number
  let text = ''
  for (let digit = 0; digit < digits; digit += 1, rest >>= 5n)
    text = alphabet.charAt(Number(rest & 31n)) + text
  return text
}

function uuidFromBase32(text: string): Uuid | undefined {
  if (text.length !== base32Length) return undefined
  const number = numberFromBase32(text)
  if (number === undefined || number >> 128n !== 0n) return undefined
  const hex = number.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function numberFromBase32(text: string): bigint | undefined {
  let number = 0n
  for (const character of text) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return undefined
    number = (number << 5n) | BigInt(digit)
  }
  return number
}
