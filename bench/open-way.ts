import { openBaseline } from './baselines/baseline.ts'
import { chargeInOneStatement } from './baselines/single.ts'
import { chargeUsually } from './baselines/usual.ts'
import { charge, chargeWithLimits, holdAndCapture, openOurs } from './ours/engine.ts'
import { openGrown } from './ours/grown.ts'
import { openHttp } from './ours/http.ts'
import type { History } from './ours/load-history.ts'
import { openOnPglite } from './ours/pglite.ts'
import type { WayId } from './plan.ts'
import type { BenchPostgres } from './postgres.ts'
import type { Way } from './way.ts'

export interface WayOptions {
  readonly postgres: BenchPostgres
  readonly history: History
  readonly onProgress: (text: string) => void
}

/** Opens a way in a database of its own, with a thousand customers who can pay. */
export function openWay(id: WayId, { postgres, history, onProgress }: WayOptions): Promise<Way> {
  switch (id) {
    case 'usual':
      return openBaseline(postgres, id, chargeUsually)
    case 'single':
      return openBaseline(postgres, id, chargeInOneStatement)
    case 'engine':
    case 'random':
      return openOurs(postgres, id, charge)
    case 'holds':
      return openOurs(postgres, id, holdAndCapture)
    case 'limits':
      return openOurs(postgres, id, chargeWithLimits)
    case 'pglite':
      return openOnPglite()
    case 'http':
    case 'noop':
      return openHttp(postgres, { name: id, canned: id === 'noop' })
    case 'grown':
      return openGrown(postgres, history, onProgress)
  }
}
