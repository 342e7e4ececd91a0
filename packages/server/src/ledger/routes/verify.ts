import { z } from '@hono/zod-openapi'
import { type Route, route } from '../../http/route.ts'
import { creditsSchema } from '../../http/wire.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import { formatId, formatIdInWallet } from '../../kernel/ids.ts'
import type { LedgerRequests } from '../requests.ts'
import type { Difference } from '../verify.ts'

const verificationSchema = z
  .object({
    wallets: z.int(),
    lots: z.int(),
    entries: z.int(),
    differences: z.array(
      z.object({
        wallet: z.string(),
        lot: z.string().nullable(),
        what: z.string(),
        stored: creditsSchema,
        computed: creditsSchema,
      }),
    ),
  })
  .openapi('Verification')

export function verifyRoute(engine: Pick<LedgerRequests, 'verify'>): Route {
  return route({
    method: 'POST',
    path: '/v1/verify',
    id: 'verify',
    tag: 'Operation',
    summary: 'Recompute every stored sum from the entries',
    description: 'Reads the whole ledger. `differences` is empty unless something is badly wrong.',
    answer: verificationSchema,
    refusals: [],
    handle: async () => {
      const { wallets, lots, entries, differences } = await engine.verify()
      return {
        wallets: Number(wallets),
        lots: Number(lots),
        entries: Number(entries),
        differences: differences.map(differenceToWire),
      }
    },
  })
}

function differenceToWire({ walletId, lotId, what, stored, computed }: Difference) {
  return {
    wallet: formatId('wallet', walletId),
    lot: lotId === undefined ? null : formatIdInWallet('lot', { walletId, id: lotId }),
    what,
    stored: decimalFromCredits(stored),
    computed: decimalFromCredits(computed),
  }
}
