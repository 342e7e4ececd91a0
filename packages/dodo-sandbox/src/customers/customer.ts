import { z } from 'zod'
import { type Metadata, metadataSchema } from '../http/parse.ts'

/** A customer as the API answers with it. */
export interface Customer {
  customer_id: string
  business_id: string
  email: string
  name: string
  phone_number: string | null
  metadata: Metadata
  created_at: string
  blocked_at: null
  blocklist_entry_id: null
}

export const emailSchema = z.string().max(254).check(z.email('is not an e-mail address'))

export const createCustomerSchema = z.object({
  email: emailSchema,
  name: z.string().min(1).max(255),
  phone_number: z.string().max(50).nullish(),
  metadata: metadataSchema.default({}),
})

export const updateCustomerSchema = z.object({
  email: emailSchema.nullish(),
  name: z.string().min(1).max(255).nullish(),
  phone_number: z.string().max(50).nullish(),
  metadata: metadataSchema.nullish(),
})

/** The customer as payments carry it. */
export function customerDetails(customer: Customer) {
  return {
    customer_id: customer.customer_id,
    email: customer.email,
    name: customer.name,
    metadata: customer.metadata,
    phone_number: customer.phone_number,
  }
}
