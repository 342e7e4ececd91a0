import type { Mode } from '../../kernel/ids.ts'
import { providerSettingsWrong } from '../errors.ts'

export interface DodoSettings {
  readonly apiKey: string
  /** The endpoint's secrets, `whsec_…`: one, or two while one is being replaced. */
  readonly webhookSecrets: readonly string[]
  readonly target: DodoTarget
}

/** Dodo itself, or a local Dodo by its address. */
export type DodoTarget = { readonly environment: 'test_mode' | 'live_mode' } | { readonly baseUrl: string }

export function modeOf(target: DodoTarget): Mode {
  return 'environment' in target && target.environment === 'live_mode' ? 'live' : 'test'
}

/**
 * Refuses what would take real money for play money, or the other way round: a key of the other mode, as its prefix says, and Dodo itself by its
 * address, for then its mode is not known.
 *
 * @throws Fault provider_settings_wrong, which names no key
 */
export function refuseMixedModes({ apiKey, target }: Pick<DodoSettings, 'apiKey' | 'target'>): void {
  if ('baseUrl' in target && /(^|\.)dodopayments\.com$/i.test(new URL(target.baseUrl).hostname))
    throw providerSettingsWrong(
      'DODO_PAYMENTS_BASE_URL is the address of Dodo itself: leave it out, and set DODO_PAYMENTS_ENVIRONMENT to test_mode or live_mode.',
    )
  const keyMode = /^dodo_(test|live)_/.exec(apiKey)?.[1]
  if (keyMode === undefined || keyMode === modeOf(target)) return
  const where = 'baseUrl' in target ? 'a local Dodo (DODO_PAYMENTS_BASE_URL)' : target.environment
  throw providerSettingsWrong(
    `DODO_PAYMENTS_API_KEY is a ${keyMode} key (dodo_${keyMode}_…), and it is used with ${where}. Use a key of the environment that is meant.`,
  )
}

/**
 * The settings in the environment, or undefined when there are none.
 *
 * @throws Fault provider_settings_wrong when some are missing or contradict each other
 */
export function dodoSettingsFrom(
  environment: Readonly<Record<string, string | undefined>>,
): DodoSettings | undefined {
  const apiKey = setting(environment, 'DODO_PAYMENTS_API_KEY')
  const webhookKey = setting(environment, 'DODO_PAYMENTS_WEBHOOK_KEY')
  if (apiKey === undefined && webhookKey === undefined) return undefined
  if (apiKey === undefined)
    throw providerSettingsWrong('DODO_PAYMENTS_WEBHOOK_KEY is set, and DODO_PAYMENTS_API_KEY is missing.')
  if (webhookKey === undefined)
    throw providerSettingsWrong(
      'DODO_PAYMENTS_WEBHOOK_KEY is missing: without it no payment can be believed. It is the secret (whsec_…) of the webhook endpoint.',
    )
  return {
    apiKey,
    webhookSecrets: webhookKey.split(',').map((secret) => secret.trim()),
    target: targetFrom(
      setting(environment, 'DODO_PAYMENTS_BASE_URL'),
      setting(environment, 'DODO_PAYMENTS_ENVIRONMENT'),
    ),
  }
}

// The SDK would take live for a default, and would throw when it is given both.
function targetFrom(baseUrl: string | undefined, environment: string | undefined): DodoTarget {
  if (baseUrl !== undefined && environment !== undefined)
    throw providerSettingsWrong(
      'DODO_PAYMENTS_BASE_URL and DODO_PAYMENTS_ENVIRONMENT are both set: keep the first for a local Dodo, the second for Dodo itself.',
    )
  if (baseUrl !== undefined) {
    if (!URL.canParse(baseUrl)) throw providerSettingsWrong(`DODO_PAYMENTS_BASE_URL is not a URL: ${baseUrl}`)
    return { baseUrl }
  }
  if (environment === 'test_mode' || environment === 'live_mode') return { environment }
  throw providerSettingsWrong(
    environment === undefined
      ? 'DODO_PAYMENTS_ENVIRONMENT is missing: set it to test_mode or live_mode.'
      : `DODO_PAYMENTS_ENVIRONMENT is ${environment}: set it to test_mode or live_mode.`,
  )
}

function setting(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const value = environment[name]?.trim()
  return value === '' ? undefined : value
}
