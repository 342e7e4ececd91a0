import { microsFromDecimal } from '../../shared/amounts.ts'
import type { Prices } from '../../shared/api.ts'

type Pack = Prices['packs'][number]

export interface PackOffer extends Pack {
  /** "$40" */
  priceText: string
  /** "8 ¢ each" */
  eachText: string
  /** Whole per cent cheaper than the dearest pack, 0 for that one. */
  savePercent: number
  /** Whether it brings what the waiting picture lacks. */
  covers: boolean
}

/** The packs as the dialog shows them, smallest first; `missing` is what the waiting picture lacks. */
export function offersOf(packs: readonly Pack[], missing: string | null): PackOffer[] {
  const dearest = packs.reduce(
    (most, pack) => (compareUnitPrice(pack, most) > 0 ? pack : most),
    packs[0] as Pack,
  )
  return packs
    .map((pack) => ({
      ...pack,
      priceText: moneyText(pack.price.amount_minor, pack.price.currency),
      eachText: eachText(pack),
      savePercent: savePercent(pack, dearest),
      covers: missing === null || microsFromDecimal(pack.credits) >= microsFromDecimal(missing),
    }))
    .sort((a, b) => Number(microsFromDecimal(a.credits) - microsFromDecimal(b.credits)))
}

function compareUnitPrice(a: Pack, b: Pack): number {
  // Cross-multiplied, so that no price per credit is ever rounded before it is compared.
  const left = BigInt(a.price.amount_minor) * microsFromDecimal(b.credits)
  const right = BigInt(b.price.amount_minor) * microsFromDecimal(a.credits)
  return left === right ? 0 : left > right ? 1 : -1
}

/** How much less a credit costs than in the dearest pack, in whole per cent, rounded down: never promise more. */
export function savePercent(pack: Pack, dearest: Pack): number {
  const cost = BigInt(pack.price.amount_minor) * microsFromDecimal(dearest.credits)
  const most = BigInt(dearest.price.amount_minor) * microsFromDecimal(pack.credits)
  return most === 0n ? 0 : Number(((most - cost) * 100n) / most)
}

/** "$10", "$9.50" */
export function moneyText(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  const text = format.format(amountMinor / 10 ** digits)
  return text.replace(/\.00$/, '')
}

/** "8 ¢ each", "6.7 ¢ each"; other currencies in their own way. */
function eachText(pack: Pack): string {
  const tenths =
    (BigInt(pack.price.amount_minor) * 10_000_000n * 2n + microsFromDecimal(pack.credits)) /
    (microsFromDecimal(pack.credits) * 2n)
  if (pack.price.currency === 'USD' || pack.price.currency === 'EUR') {
    const whole = tenths / 10n
    const part = tenths % 10n
    return `${whole}${part === 0n ? '' : `.${part}`} ¢ each`
  }
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: pack.price.currency,
    maximumFractionDigits: 3,
  })
  const digits = new Intl.NumberFormat('en', {
    style: 'currency',
    currency: pack.price.currency,
  }).resolvedOptions()
  return `${format.format(Number(tenths) / 10 / 10 ** (digits.maximumFractionDigits ?? 2))} each`
}
