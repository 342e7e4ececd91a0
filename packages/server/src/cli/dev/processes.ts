import { setTimeout as delay } from 'node:timers/promises'

/** Longer than a child takes that ends itself in order because its supervisor is gone. */
const patienceMs = 12_000
const lookEveryMs = 50

/** Waits until none of the processes is alive; gives those that still were when the patience ended. */
export async function waitForEnd(pids: readonly number[], timeoutMs = patienceMs): Promise<number[]> {
  const deadline = performance.now() + timeoutMs
  let left = pids.filter(isAlive)
  while (left.length > 0 && performance.now() < deadline) {
    await delay(lookEveryMs)
    left = left.filter(isAlive)
  }
  return left
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    // Gone, or (not permitted) the number belongs to somebody else's process since.
    return false
  }
}
