import { setTimeout as pause } from 'node:timers/promises'
import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts, Finding } from './experiments.ts'

const waitForMs = 30_000
const askEveryMs = 150

/** Kills Tallystick's server with SIGKILL, waits until its starter has brought it back, and compares the balance. */
export async function killServer(parts: BreakParts, visitor: Visitor): Promise<Finding> {
  const { dev } = parts
  const expected = 'away for a moment, then back with the same balance'
  const before = await parts.credits.balance(visitor.customer)
  const killed = parts.now().getTime()
  // The server dies before it can answer; that is the answer.
  await answer(parts, '/dev/kill', 'POST')
  let wasAway = false
  while (parts.now().getTime() - killed < waitForMs) {
    // Asking again until it answers is what this waits for.
    // oxlint-disable-next-line no-await-in-loop
    const health = await answer(parts, '/health', 'GET')
    if (health !== null && wasAway) break
    if (health === null) wasAway = true
    // Some starters are quicker than this asks.
    if (parts.now().getTime() - killed > 3_000 && health !== null) break
    // oxlint-disable-next-line no-await-in-loop
    await pause(askEveryMs)
  }
  const awayMs = parts.now().getTime() - killed
  const after = await parts.credits.balance(visitor.customer)
  const isSame = before.available === after.available && before.held === after.held
  return {
    expected,
    happened: `${wasAway ? 'killed' : 'not seen to die'}, answering again after ${(awayMs / 1000).toFixed(1)} s; ${before.available} credits before, ${after.available} after`,
    passed: wasAway && isSame,
    details: [`POST ${dev.tallystickUrl}/dev/kill: the process ended itself with SIGKILL, mid-sentence.`],
  }
}

async function answer(parts: BreakParts, path: string, method: string): Promise<number | null> {
  const signal = AbortSignal.timeout(2_000)
  try {
    const response = await parts.dev.fetch(
      new Request(`${parts.dev.tallystickUrl}${path}`, { method, signal }),
    )
    await response.body?.cancel()
    return response.ok ? response.status : null
  } catch {
    return null
  }
}
