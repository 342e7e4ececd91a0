import type { Route } from '../http/route.ts'
import type { LedgerRequests } from './requests.ts'
import { balanceRoutes } from './routes/balances.ts'
import { batchRoute } from './routes/batch.ts'
import { chargeRoutes } from './routes/charges.ts'
import { holdRoutes } from './routes/holds.ts'
import { lotRoutes } from './routes/lots.ts'
import { verifyRoute } from './routes/verify.ts'

export function ledgerRoutes(engine: LedgerRequests): Route[] {
  return [
    ...balanceRoutes(engine),
    ...chargeRoutes(engine),
    ...holdRoutes(engine),
    ...lotRoutes(engine),
    batchRoute(engine),
    verifyRoute(engine),
  ]
}
