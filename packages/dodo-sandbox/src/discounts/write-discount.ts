import type { z } from 'zod'
import { invalidBody, notFound } from '../kernel/refusal.ts'
import { findProduct } from '../products/queries.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import type { CurrencyOption, createDiscountSchema, Discount, updateDiscountSchema } from './discount.ts'
import {
  codeAlreadyExists,
  invalidCurrencyOption,
  invalidPercentage,
  limitBelowUse,
  unsupportedType,
} from './errors.ts'
import * as queries from './queries.ts'

const CODE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const MADE_CODE_LENGTH = 16

/** Makes a discount; without a code it gets one of 16 characters. */
export function createDiscount(tx: Transaction, input: z.output<typeof createDiscountSchema>): Discount {
  const discount = checkDiscount(tx, {
    discount_id: tx.newId('dsc'),
    business_id: loadBusiness(tx).business_id,
    code: input.code ?? newCode(tx),
    name: input.name ?? null,
    type: typeOf(input.type),
    amount: input.amount,
    currency_options: withDefault(input.currency_options ?? []),
    customer_eligibility: input.customer_eligibility ?? 'any',
    restricted_to: input.restricted_to ?? [],
    times_used: 0,
    usage_limit: input.usage_limit ?? null,
    per_customer_usage_limit: input.per_customer_usage_limit ?? null,
    preserve_on_plan_change: input.preserve_on_plan_change ?? false,
    subscription_cycles: input.subscription_cycles ?? null,
    metadata: input.metadata,
    created_at: tx.now.toISOString(),
    starts_at: input.starts_at ?? null,
    expires_at: input.expires_at ?? null,
  })
  queries.insertDiscount(tx, discount)
  return discount
}

export interface UpdateDiscount {
  discountId: string
  changes: z.output<typeof updateDiscountSchema>
}

/** Changes what is given. `null` lifts a limit or a date, and leaves everything else as it was. */
export function updateDiscount(tx: Transaction, { discountId, changes }: UpdateDiscount): Discount {
  const before = queries.findDiscount(tx, discountId)
  if (!before) throw notFound('discount', discountId)
  const discount = checkDiscount(tx, {
    ...before,
    code: changes.code ?? before.code,
    name: given(changes.name, before.name),
    type: typeOf(changes.type ?? before.type),
    amount: changes.amount ?? before.amount,
    currency_options: changes.currency_options
      ? withDefault(changes.currency_options)
      : before.currency_options,
    customer_eligibility: changes.customer_eligibility ?? before.customer_eligibility,
    restricted_to: changes.restricted_to ?? before.restricted_to,
    usage_limit: given(changes.usage_limit, before.usage_limit),
    per_customer_usage_limit: given(changes.per_customer_usage_limit, before.per_customer_usage_limit),
    preserve_on_plan_change: changes.preserve_on_plan_change ?? before.preserve_on_plan_change,
    subscription_cycles: given(changes.subscription_cycles, before.subscription_cycles),
    metadata: changes.metadata ?? before.metadata,
    starts_at: given(changes.starts_at, before.starts_at),
    expires_at: given(changes.expires_at, before.expires_at),
  })
  queries.updateDiscountDocument(tx, discount)
  return discount
}

function given<Value>(value: Value | undefined, kept: Value): Value {
  return value === undefined ? kept : value
}

export function deleteDiscount(tx: Transaction, discountId: string): void {
  if (!queries.findDiscount(tx, discountId)) throw notFound('discount', discountId)
  queries.deleteDiscount(tx, discountId)
}

function typeOf(type: string): Discount['type'] {
  if (type !== 'percentage' && type !== 'flat') throw unsupportedType()
  return type
}

/** A single row is the default one, marked or not. */
function withDefault(options: CurrencyOption[]): CurrencyOption[] {
  return options.length === 1 ? options.map((option) => ({ ...option, is_default: true })) : options
}

function checkDiscount(tx: Transaction, discount: Discount): Discount {
  const { currency_options: options, starts_at, expires_at, usage_limit, per_customer_usage_limit } = discount
  if (discount.type === 'percentage' && discount.amount > 10_000) throw invalidPercentage()
  if (new Set(options.map(({ currency }) => currency)).size < options.length)
    throw invalidCurrencyOption('name a currency twice')
  const defaults = options.filter((option) => option.is_default)
  if (defaults.length > 1) throw invalidCurrencyOption('mark more than one row as the default')
  if (discount.type === 'flat') {
    if (defaults.length === 0)
      throw invalidCurrencyOption('a flat discount needs a row marked is_default, which others convert from')
    if (options.some((option) => option.max_amount_possible === null))
      throw invalidCurrencyOption(
        'a flat discount needs max_amount_possible, what it takes off, in every row',
      )
  }
  if (starts_at !== null && expires_at !== null && starts_at >= expires_at)
    throw invalidBody('starts_at: has to be before expires_at')
  if (usage_limit !== null && (per_customer_usage_limit ?? 0) > usage_limit)
    throw invalidBody('per_customer_usage_limit: is more than usage_limit')
  if (usage_limit !== null && usage_limit < discount.times_used) throw limitBelowUse()
  for (const productId of discount.restricted_to)
    if (!findProduct(tx, productId)) throw invalidBody(`restricted_to: there is no product ${productId}`)
  const namesake = queries.findDiscountByCode(tx, discount.code)
  if (namesake && namesake.discount_id !== discount.discount_id) throw codeAlreadyExists()
  return discount
}

function newCode(tx: Transaction): string {
  let code = ''
  for (const byte of tx.random(MADE_CODE_LENGTH))
    code += CODE_CHARACTERS.charAt(byte % CODE_CHARACTERS.length)
  return code
}
