/**
 * What HTTP refuses of a request, refused to those who ask inside the process, in the same words. The compiler says most of it to most callers. By plain
 * comparisons that make nothing: every charge passes here.
 */
import { checkSpending } from '../catalog/price-spending.ts'
import { invalidRequest } from '../kernel/invalid-request.ts'
import type { QuoteRequest, SpendRequest } from './requests.ts'

export function checkSpendRequest(request: SpendRequest | QuoteRequest): void {
  checkSpending(request, refuse)
}

function refuse(path: string, message: string): never {
  throw invalidRequest({ issues: [{ path, message }] })
}
