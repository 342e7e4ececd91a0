import { type Catalog, smallestPackFor } from '../catalog/catalog.ts'
import { type Credits, decimalFromCredits } from '../kernel/credits.ts'
import { Refusal } from '../kernel/refusal.ts'
import { type InsufficientCredits, insufficientCredits } from './errors.ts'

/** Adds to a refusal for want of credits the smallest pack that covers it, and a sentence for the end user. Other errors pass. */
export function offerTopUp(error: unknown, catalog: Catalog): unknown {
  if (!(error instanceof Refusal) || error.code !== insufficientCredits.definition.code) return error
  // Only `insufficientCredits` makes this code, and these are its facts.
  const facts = error.facts as InsufficientCredits
  const pack = smallestPackFor(catalog, facts.unit, facts.missing)
  const unitName = catalog.unitsById.get(facts.unit)?.name.toLowerCase() ?? facts.unit
  const topUp =
    pack === undefined
      ? 'Top up to go on.'
      : `Top up with ${pack.name} (${decimalFromCredits(pack.credits)} ${unitName}) to go on.`
  return insufficientCredits({
    ...facts,
    pack:
      pack === undefined
        ? null
        : { pack: pack.id, name: pack.name, credits: pack.credits, price: pack.price },
    message: `This needs ${counted(facts.required, unitName)}; ${standing(facts, unitName)}. ${topUp}`,
  })
}

function standing({ debt, spendable }: InsufficientCredits, unitName: string): string {
  return debt > 0n
    ? `you owe ${counted(debt, unitName)}, which the next ones you buy pay first`
    : `you have ${decimalFromCredits(spendable)}`
}

/** `1 credit`, `5 credits`. */
function counted(credits: Credits, unitName: string): string {
  const amount = decimalFromCredits(credits)
  return `${amount} ${amount === '1' ? unitName.replace(/s$/, '') : unitName}`
}
