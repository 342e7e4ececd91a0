import type { Transaction } from './store.ts'

export function readSetting(tx: Transaction, name: string): string | undefined {
  const row = tx.get('select value from settings where name = ?', name)
  return row && String(row['value'])
}

export function writeSetting(tx: Transaction, name: string, value: string): void {
  tx.run(
    'insert into settings (name, value) values (?, ?) on conflict (name) do update set value = excluded.value',
    name,
    value,
  )
}

/** What is stored under the name, made and stored the first time it is asked for. */
export function settingOr(tx: Transaction, name: string, make: () => string): string {
  const stored = readSetting(tx, name)
  if (stored !== undefined) return stored
  const made = make()
  writeSetting(tx, name, made)
  return made
}

/** Whose sandbox this is: every resource carries both ids. */
export interface Business {
  business_id: string
  brand_id: string
}

export function loadBusiness(tx: Transaction): Business {
  return {
    business_id: settingOr(tx, 'business_id', () => tx.newId('bus')),
    brand_id: settingOr(tx, 'brand_id', () => tx.newId('brnd')),
  }
}
