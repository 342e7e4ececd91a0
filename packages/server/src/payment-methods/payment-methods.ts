import type { Database, Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import * as consents from '../orders/consent-queries.ts'
import { findContact } from '../orders/queries.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import type { PaymentMethod } from '../providers/told.ts'
import { notAtProvider, paymentMethodNotFound } from './errors.ts'

export interface PaymentMethodsOptions {
  readonly database: Database
  readonly mode: Mode
  readonly provider: PaymentProvider | undefined
}

export interface SavedPaymentMethod extends PaymentMethod {
  /** Undefined where it was saved without one: in the provider's portal, say. */
  readonly consent: consents.RecordedConsent | undefined
  /** While the customer is away: it can be, and they agreed. */
  readonly mayBeCharged: boolean
}

/** All may throw Fault provider_unavailable, provider_key_refused or provider_refused. */
export interface PaymentMethods {
  /**
   * As the provider has them now; none of a customer whom it does not know.
   *
   * @throws providerNotConfigured
   */
  list(customer: string): Promise<readonly SavedPaymentMethod[]>
  /** @throws paymentMethodNotFound, providerNotConfigured */
  remove(customer: string, methodId: string): Promise<void>
  /**
   * The address of the provider's page where the customer sees their payments, invoices and ways to pay, for a day.
   *
   * @throws notAtProvider, providerNotConfigured
   */
  portalLink(customer: string, returnUrl: string | undefined): Promise<string>
}

export function createPaymentMethods({ database, mode, provider }: PaymentMethodsOptions): PaymentMethods {
  function configured(): PaymentProvider {
    if (provider === undefined) throw providerNotConfigured({})
    return provider
  }

  async function idAtProvider(tx: Transaction, customer: string): Promise<string | undefined> {
    const { name } = configured()
    return (await findContact(tx, { provider: name, mode, customer })).providerCustomerId
  }

  return {
    async list(customer) {
      const { given, atProvider } = await database.transaction(async (tx) => ({
        atProvider: await idAtProvider(tx, customer),
        given: await consents.listConsents(tx, { mode, customer }),
      }))
      if (atProvider === undefined) return []
      const methods = await configured().listPaymentMethods(atProvider)
      return methods.map((method) => {
        const consent = given.find(({ methodId }) => methodId === method.methodId)
        return { ...method, consent, mayBeCharged: method.isRecurring && consent !== undefined }
      })
    },

    async remove(customer, methodId) {
      const atProvider = await database.transaction((tx) => idAtProvider(tx, customer))
      if (atProvider === undefined) throw paymentMethodNotFound({})
      // First here: what is removed may not be charged any more, whatever becomes of the call.
      await database.transaction((tx) => consents.endConsents(tx, { mode, customer, methodId }))
      const methods = await configured().listPaymentMethods(atProvider)
      if (!methods.some((method) => method.methodId === methodId)) throw paymentMethodNotFound({})
      await configured().deletePaymentMethod(atProvider, methodId)
    },

    async portalLink(customer, returnUrl) {
      const atProvider = await database.transaction((tx) => idAtProvider(tx, customer))
      if (atProvider === undefined) throw notAtProvider({})
      return configured().portalLink(atProvider, returnUrl)
    },
  }
}
