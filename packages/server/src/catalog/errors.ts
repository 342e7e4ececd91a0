import { refusal } from '../kernel/refusal.ts'

type Known = { readonly name: string; readonly known: readonly string[] }

function knownOnes(what: string, { known }: Known): string {
  return known.length === 0 ? `The catalog has no ${what}s.` : `Known ones: ${known.join(', ')}.`
}

export const unknownAction = refusal({
  code: 'unknown_action',
  status: 422,
  title: 'No such action in the catalog',
  detail: (facts: Known & { readonly unit?: string | undefined }) =>
    `The catalog has no action ${facts.name}${facts.unit === undefined ? '' : ` in ${facts.unit}`}. ${knownOnes('action', facts)}`,
  help: 'Add the action to tallystick.config.ts, or correct the name. Typed by the catalog, the client does not compile with it.',
})

export const unknownUnit = refusal({
  code: 'unknown_unit',
  status: 422,
  title: 'No such unit in the catalog',
  detail: (facts: Known) => `The catalog has no unit ${facts.name}. ${knownOnes('unit', facts)}`,
  help: 'Units are declared in tallystick.config.ts. Where no unit is named, the first one is meant.',
})

export const unknownPack = refusal({
  code: 'unknown_pack',
  status: 422,
  title: 'No such pack in the catalog',
  detail: (facts: Known) => `The catalog has no pack ${facts.name}. ${knownOnes('pack', facts)}`,
  help: 'Packs are declared in tallystick.config.ts.',
})

export const invalidAmount = refusal({
  code: 'invalid_amount',
  status: 422,
  title: 'The amount makes no sense',
  detail: (facts: { amount: string; expected: string }) =>
    `The amount is ${facts.amount}; it must be ${facts.expected}.`,
  help: 'Credits are granted, charged and held in amounts above zero and up to a trillion.',
})
