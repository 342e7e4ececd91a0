import { describe, expect, test } from 'vitest'
import { type Environment, readSettings } from './environment.ts'

const least: Environment = { TALLYSTICK_DATA: '.tallystick', TALLYSTICK_API_KEY: 'tsk_test_a' }

describe('the environment', () => {
  test('at its least gives an embedded database, this machine only, and the usual port', () => {
    expect(readSettings(least)).toEqual({
      database: { dataDir: '.tallystick/db' },
      host: '127.0.0.1',
      port: 4100,
      configFile: 'tallystick.config.ts',
      apiKeys: ['tsk_test_a'],
      dodo: undefined,
      dev: false,
      observe: false,
      verifyPerMinute: 1000,
      reconcileEveryMinutes: 10,
      logLevel: 'info',
    })
  })

  test('names a Postgres, several keys, a port, and Dodo', () => {
    expect(
      readSettings({
        ...least,
        DATABASE_URL: 'postgres://localhost/tallystick',
        TALLYSTICK_API_KEY: 'tsk_test_a, tsk_test_b',
        PORT: '0',
        HOST: '::',
        DODO_PAYMENTS_API_KEY: 'dodo_key',
        DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_1',
        DODO_PAYMENTS_ENVIRONMENT: 'test_mode',
      }),
    ).toMatchObject({
      database: { url: 'postgres://localhost/tallystick' },
      apiKeys: ['tsk_test_a', 'tsk_test_b'],
      port: 0,
      host: '::',
      dodo: { apiKey: 'dodo_key', webhookSecrets: ['whsec_1'], target: { environment: 'test_mode' } },
    })
  })

  test.each<[Environment, string]>([
    [{ TALLYSTICK_DATA: 'x' }, 'TALLYSTICK_API_KEY is missing'],
    [{ ...least, TALLYSTICK_DATA: ' ' }, 'DATABASE_URL and TALLYSTICK_DATA are both missing'],
    [{ ...least, DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must start with postgres://'],
    [{ ...least, PORT: 'http' }, 'PORT must be a number from 0 to 65535.'],
    [{ ...least, PORT: '70000' }, 'PORT must be a number from 0 to 65535.'],
    [{ ...least, TALLYSTICK_DEV: 'yes' }, 'TALLYSTICK_DEV must be 1 or 0.'],
    [{ ...least, TALLYSTICK_LOG: 'loud' }, 'TALLYSTICK_LOG must be debug'],
    [{ ...least, TALLYSTICK_DEV: '1', TALLYSTICK_API_KEY: 'tsk_live_a' }, 'is for test keys'],
    [{ ...least, TALLYSTICK_DEV: '1', HOST: '0.0.0.0' }, 'HOST is 0.0.0.0, and development'],
    [{ ...least, DODO_PAYMENTS_API_KEY: 'k' }, 'DODO_PAYMENTS_WEBHOOK_KEY is missing'],
  ])('that is wrong (%j) is refused: %s', (environment, message) => {
    expect(() => readSettings(environment)).toThrow(message)
  })

  test('is told of all its problems at once', () => {
    expect(() => readSettings({ PORT: 'x', TALLYSTICK_DEV: '2' })).toThrow(
      /PORT[\s\S]*TALLYSTICK_API_KEY[\s\S]*TALLYSTICK_DEV/,
    )
  })
})
