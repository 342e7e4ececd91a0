import { z } from 'zod'
import { creditsFromDecimal, decimalFromCredits } from '../../kernel/credits.ts'
import type { ProductDifference } from '../errors.ts'
import type { CreditPosting, SoldEntitlement } from '../provider.ts'
import type { CreditGrant } from '../told.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { decimalText, optionalInstant, optionalText, text } from './schemas.ts'

// As many decimals as our credits have.
const precision = 6

const pageSize = 100

/** Customers read it. It ends in the unit's id, by which one is found again that was made under another name, or whose answer was lost. */
function nameOf({ unit, unitName }: Pick<SoldEntitlement, 'unit' | 'unitName'>): string {
  return `${unitName} (${unit})`
}

function isOf(unit: string, name: string): boolean {
  return name.endsWith(` (${unit})`)
}

/** Dodo's credit entitlement for a unit: what is there under its name, or a new one. */
export async function ensureEntitlement(
  dodo: Dodo,
  sold: Pick<SoldEntitlement, 'unit' | 'unitName'>,
): Promise<string> {
  const known = await callDodo(dodo, async (client) => {
    for await (const entitlement of client.creditEntitlements.list({ page_number: 0, page_size: pageSize }))
      if (isOf(sold.unit, entitlement.name)) return entitlement.id
    return undefined
  })
  if (known !== undefined) return known
  const made = await callDodo(dodo, (client) =>
    client.creditEntitlements.create(
      { name: nameOf(sold), unit: sold.unit, precision, overage_enabled: false, rollover_enabled: false },
      { maxRetries: 0 },
    ),
  )
  return made.id
}

/** What is attached to a product, to create it with. */
export async function attachmentsOf(dodo: Dodo, entitlement: SoldEntitlement | undefined) {
  if (entitlement === undefined) return {}
  return {
    credit_entitlements: [
      {
        credit_entitlement_id: await ensureEntitlement(dodo, entitlement),
        credits_amount: decimalFromCredits(entitlement.credits),
      },
    ],
  }
}

const attachedSchema = z.object({
  credit_entitlements: z
    .array(z.looseObject({ credit_entitlement_name: z.string(), credits_amount: decimalText }))
    .nullish()
    .catch(null),
})

/** In what the credits that a product brings at Dodo are others than the pack's. */
export function creditDifferences(
  entitlement: SoldEntitlement | undefined,
  product: unknown,
): ProductDifference[] {
  const attached = attachedSchema.safeParse(product).data?.credit_entitlements ?? []
  // A pack that is granted by its payment may bring credits of Dodo's own beside: they are not ours.
  if (entitlement === undefined) return []
  const ours = attached.filter(({ credit_entitlement_name: name }) => isOf(entitlement.unit, name))
  const isSame =
    ours.length === 1 && creditsFromDecimal(ours[0]?.credits_amount ?? '') === entitlement.credits
  if (isSame) return []
  const atDodo = attached.map((one) => `${one.credits_amount} ${one.credit_entitlement_name}`).join(', ')
  const inCatalog = `${decimalFromCredits(entitlement.credits)} ${nameOf(entitlement)}`
  return [{ what: 'credits', inCatalog, atDodo: atDodo || 'none' }]
}

const grantSchema = z.looseObject({
  id: text,
  initial_amount: decimalText,
  source_id: optionalText,
  created_at: optionalInstant,
})

export async function* listCreditGrants(
  dodo: Dodo,
  entitlementId: string,
  providerCustomerId: string,
): AsyncGenerator<CreditGrant> {
  const pages = dodo.client.creditEntitlements.balances.listGrants(providerCustomerId, {
    credit_entitlement_id: entitlementId,
    page_number: 0,
    page_size: pageSize,
  })
  const rows = pages[Symbol.asyncIterator]()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const next = await callDodo(dodo, () => rows.next())
    if (next.done === true) return
    const said = grantSchema.safeParse(next.value).data
    if (said === undefined) continue
    yield {
      grantId: said.id,
      providerCustomerId,
      entitlementId,
      credits: said.initial_amount,
      referenceId: said.source_id,
      createdAt: said.created_at,
    }
  }
}

/** Dodo answers 409 to a key that it has seen: then it was posted before. */
export async function postCredits(dodo: Dodo, posting: CreditPosting): Promise<void> {
  const { entitlementId, providerCustomerId, credits, kind, key, reason } = posting
  try {
    await dodo.client.creditEntitlements.balances.createLedgerEntry(
      providerCustomerId,
      {
        credit_entitlement_id: entitlementId,
        amount: decimalFromCredits(credits),
        entry_type: kind,
        idempotency_key: key,
        reason,
      },
      { maxRetries: 0 },
    )
  } catch (error) {
    if (error instanceof dodo.APIError && error.status === 409) return
    await callDodo(dodo, () => Promise.reject(error))
  }
}
