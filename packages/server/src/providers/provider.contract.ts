/** What every payment provider does alike. Run by the tests of each, on a stage of its own. */
import { messagesContract } from './contract/messages.contract.ts'
import { paymentsContract } from './contract/payments.contract.ts'
import { pricingContract } from './contract/pricing.contract.ts'
import { sellingContract } from './contract/selling.contract.ts'
import type { OpenStage } from './contract/stage.contract.ts'
import { troubleContract } from './contract/trouble.contract.ts'

export function providerContract(open: OpenStage): void {
  sellingContract(open)
  pricingContract(open)
  paymentsContract(open)
  messagesContract(open)
  troubleContract(open)
}
