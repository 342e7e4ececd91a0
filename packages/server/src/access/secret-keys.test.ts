import { describe, expect, test } from 'vitest'
import { secretKeys } from './secret-keys.ts'

const keys = secretKeys(['tsk_test_one', 'tsk_test_two'])

function bearing(authorization: string): Headers {
  return new Headers({ authorization })
}

describe('a server with keys', () => {
  test('lets in whoever holds one of them, and knows its mode', () => {
    expect(keys.mode).toBe('test')
    keys.authenticate(bearing('Bearer tsk_test_one'))
    keys.authenticate(bearing('bearer  tsk_test_two'))
  })

  test.each([
    ['', 'carries no key'],
    ['Basic abc', 'not of the form'],
    ['Bearer tsk_test_three', 'not one of this server'],
    ['Bearer tsk_test_on', 'not one of this server'],
    ['Bearer tsk_live_one', 'in test mode'],
  ])('refuses %j and says why, without the key', (authorization, reason) => {
    expect(() => {
      keys.authenticate(bearing(authorization))
    }).toThrow(reason)
    expect(() => {
      keys.authenticate(bearing(authorization))
    }).not.toThrow('tsk_test_t')
  })

  test.each([
    [[], 'No secret key is given'],
    [['tsk_test_one', `tsk_live_${'a'.repeat(32)}`], 'mixed'],
    [['sk_test_one'], 'starts with tsk_test_'],
    [['tsk_live_short'], 'at least 16'],
  ])('is not started with the keys %j', (accepted: string[], message) => {
    expect(() => secretKeys(accepted)).toThrow(message)
  })
})
