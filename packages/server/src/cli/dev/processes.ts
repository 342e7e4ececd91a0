import { readFileSync } from 'node:fs'
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
  } catch {
    // Gone, or (not permitted) the number belongs to somebody else's process since.
    return false
  }
  return !isZombie(pid)
}

/** Dead, and only waiting for a parent that asks how it went: in a container without an init that may be for ever. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}
