import { describe, expect, test } from 'vitest'
import { dodoSettingsFrom, modeOf, refuseMixedModes } from './dodo-settings.ts'

const keys = { DODO_PAYMENTS_API_KEY: 'dodo_test_x', DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_eA==' }

describe('the settings in the environment', () => {
  test('are undefined where there are none', () => {
    expect(dodoSettingsFrom({})).toBeUndefined()
    expect(dodoSettingsFrom({ DODO_PAYMENTS_API_KEY: ' ' })).toBeUndefined()
  })

  test('name a local Dodo by its address, and Dodo itself by its environment', () => {
    const local = dodoSettingsFrom({ ...keys, DODO_PAYMENTS_BASE_URL: 'http://localhost:4200' })
    expect(local).toEqual({
      apiKey: 'dodo_test_x',
      webhookSecrets: ['whsec_eA=='],
      target: { baseUrl: 'http://localhost:4200' },
    })
    const live = dodoSettingsFrom({ ...keys, DODO_PAYMENTS_ENVIRONMENT: 'live_mode' })
    expect(live?.target).toEqual({ environment: 'live_mode' })
    expect([
      modeOf({ environment: 'live_mode' }),
      modeOf({ environment: 'test_mode' }),
      modeOf({ baseUrl: 'http://x' }),
    ]).toEqual(['live', 'test', 'test'])
  })

  test('take two webhook secrets while one is being replaced', () => {
    const settings = dodoSettingsFrom({
      ...keys,
      DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_eA==, whsec_eQ==',
      DODO_PAYMENTS_ENVIRONMENT: 'test_mode',
    })
    expect(settings?.webhookSecrets).toEqual(['whsec_eA==', 'whsec_eQ=='])
  })

  test.each([
    [
      'both an address and an environment',
      { ...keys, DODO_PAYMENTS_BASE_URL: 'http://x', DODO_PAYMENTS_ENVIRONMENT: 'test_mode' },
      /both set/,
    ],
    ['neither: the SDK would take live', keys, /DODO_PAYMENTS_ENVIRONMENT is missing/],
    ['a misspelt environment', { ...keys, DODO_PAYMENTS_ENVIRONMENT: 'live' }, /test_mode or live_mode/],
    ['no webhook secret', { ...keys, DODO_PAYMENTS_WEBHOOK_KEY: '' }, /DODO_PAYMENTS_WEBHOOK_KEY is missing/],
    ['no API key', { ...keys, DODO_PAYMENTS_API_KEY: '' }, /DODO_PAYMENTS_API_KEY is missing/],
    ['an address that is none', { ...keys, DODO_PAYMENTS_BASE_URL: 'localhost' }, /not a URL/],
  ])('are refused with what to do: %s', (_, environment, message) => {
    expect(() => dodoSettingsFrom(environment)).toThrow(message)
  })
})

describe('keys and targets of different modes are refused, and the key is not quoted', () => {
  const testMode = { environment: 'test_mode' } as const
  const liveMode = { environment: 'live_mode' } as const
  const local = { baseUrl: 'http://localhost:4200' }

  test.each([
    ['dodo_live_secret', testMode, 'is a live key (dodo_live_…), and it is used with test_mode'],
    ['dodo_live_secret', local, 'is a live key (dodo_live_…), and it is used with a local Dodo'],
    ['dodo_test_secret', liveMode, 'is a test key (dodo_test_…), and it is used with live_mode'],
    ['any_secret', { baseUrl: 'https://live.dodopayments.com' }, 'is the address of Dodo itself'],
    ['any_secret', { baseUrl: 'https://test.dodopayments.com/' }, 'is the address of Dodo itself'],
  ])('%s at %j', (apiKey, target, problem) => {
    let message = ''
    try {
      refuseMixedModes({ apiKey, target })
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toContain(problem)
    expect(message).not.toContain('secret')
  })

  test.each([
    ['dodo_live_x', liveMode],
    ['dodo_test_x', testMode],
    ['dodo_test_x', local],
    ['a key of another form', liveMode],
    ['a key of another form', local],
    ['a key of another form', { baseUrl: 'http://dodopayments.com.localhost:4200' }],
  ])('%s at %j is fine', (apiKey, target) => {
    expect(() => refuseMixedModes({ apiKey, target })).not.toThrow()
  })
})
