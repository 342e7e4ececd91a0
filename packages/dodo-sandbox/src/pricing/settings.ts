import { readSetting, writeSetting } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'

/** What a merchant sets at Dodo's dashboard. */
export interface PricingSettings {
  /** Off, nothing is taxed, as for a merchant who is the seller of record. */
  tax: boolean
  /** On, customers are billed in the currency of their country. */
  adaptive_currency: boolean
}

export function loadPricingSettings(tx: Transaction): PricingSettings {
  return {
    tax: readSetting(tx, 'pricing_tax') !== 'off',
    adaptive_currency: readSetting(tx, 'pricing_adaptive_currency') === 'on',
  }
}

export function updatePricingSettings(
  tx: Transaction,
  changes: { [Name in keyof PricingSettings]?: PricingSettings[Name] | undefined },
): PricingSettings {
  if (changes.tax !== undefined) writeSetting(tx, 'pricing_tax', changes.tax ? 'on' : 'off')
  if (changes.adaptive_currency !== undefined)
    writeSetting(tx, 'pricing_adaptive_currency', changes.adaptive_currency ? 'on' : 'off')
  return loadPricingSettings(tx)
}
