import type { Client } from '@tallystick/client'
import type catalog from '../tallystick.config.ts'
import type { Enlarger } from './pictures/enlarger.ts'
import type { Visitors } from './visitors/visitors.ts'

export type Credits = Client<typeof catalog>

/** What the studio's parts work with; made once, in `main.ts` and in tests. */
export interface Parts {
  credits: Credits
  enlarger: Enlarger
  visitors: Visitors
  now: () => Date
  randomBytes: (count: number) => Uint8Array
  /** Set under `tallystick dev` only: the way to the server's development routes. */
  dev: DevParts | null
  log: (line: string) => void
}

export interface DevParts {
  tallystickUrl: string
  fetch: (request: Request) => Response | Promise<Response>
  webhookKey: string | undefined
}
