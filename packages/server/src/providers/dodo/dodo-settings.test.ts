import { describe, expect, test } from 'vitest'
import { dodoSettingsFrom, modeOf } from './dodo-settings.ts'

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
