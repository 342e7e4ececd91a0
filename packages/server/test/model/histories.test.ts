import { expect, test } from 'vitest'
import { playMany } from './play-many.ts'
import { openRealStand } from './real-ledger.ts'

const operationsMin = Number(process.env['TALLYSTICK_HISTORY_OPERATIONS'] ?? 200_000)
const seed = Number(process.env['TALLYSTICK_HISTORY_SEED'] ?? Math.floor(Math.random() * 1_000_000_000))

const operations = [
  'grant',
  'adjust',
  'charge',
  'hold',
  'capture',
  'release',
  'checkpoint',
  'extend',
  'refund',
  'revoke',
  'freeze',
  'unfreeze',
  'expire',
]

const refusals = [
  'insufficient_credits',
  'limit_exceeded',
  'hold_not_found',
  'hold_already_ended',
  'capture_exceeds_hold',
  'charge_not_found',
  'refund_exceeds_charge',
  'lot_not_found',
  'lot_out_of_time',
  'revoke_exceeds_lot',
  'wallet_full',
  'idempotency_key_reused',
]

/** What observed operations would have been refused with. */
const observed = [
  'charge insufficient_credits',
  'hold insufficient_credits',
  'capture capture_exceeds_hold',
  'capture hold_already_ended',
]

test('random histories: every outcome, balance and journal is what the naive ledger says', async () => {
  const tally = await playMany({ seed, operationsMin, open: openRealStand })
  process.stdout.write(`seed ${seed}\n${tally.table()}\n`)
  const expected = [
    ...operations.map((kind) => `outcome ${kind} ok`),
    ...refusals.map((code) => `refusal ${code}`),
    ...observed.map((name) => `observed ${name}`),
  ]
  expect(expected.filter((name) => tally.count(name) < 100)).toEqual([])
}, 600_000)
