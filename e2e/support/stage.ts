import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser } from '../../tools/browser.ts'
import { type Stack, startStack } from './stack.ts'

export interface Stage {
  readonly stack: Stack
  readonly browser: Browser
}

/** The whole stack and a browser for the tests of one file. Filled before the first of them. */
export function useStage(): Stage {
  const stage = {} as { stack: Stack; browser: Browser }
  beforeAll(async () => {
    ;[stage.stack, stage.browser] = await Promise.all([startStack(), launchBrowser()])
  })
  afterAll(async () => {
    await stage.browser.close()
    await stage.stack.stop()
  })
  return stage
}
