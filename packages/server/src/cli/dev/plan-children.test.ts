import { expect, test } from 'vitest'
import { planChildren } from './plan-children.ts'

test('every child listens on this machine alone, and uses the local Dodo, whatever the shell has set', () => {
  const { dodo, server, commands } = planChildren({
    folder: '/data',
    configFile: '/app/tallystick.config.ts',
    commands: [{ name: 'app', command: 'npm run dev' }],
    ports: new Map([
      ['dodo', 4200],
      ['server', 4100],
      ['app', 4000],
    ]),
    state: {
      api_key: 'tsk_test_a',
      dodo_api_key: 'dodo_test_a',
      webhook_secret: 'whsec_a',
      ports: {},
      processes: [],
    },
    environment: {
      HOST: '0.0.0.0',
      DODO_SANDBOX_HOST: '0.0.0.0',
      DATABASE_URL: 'postgres://elsewhere/app',
      DODO_PAYMENTS_ENVIRONMENT: 'live_mode',
    },
  })
  for (const { env } of [dodo, server, ...commands]) expect(env['HOST']).toBe('127.0.0.1')
  expect(dodo.env['DODO_SANDBOX_HOST']).toBe('127.0.0.1')
  expect(server.env).not.toHaveProperty('DATABASE_URL')
  expect(server.env).not.toHaveProperty('DODO_PAYMENTS_ENVIRONMENT')
})
