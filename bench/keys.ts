import { randomFillSync } from 'node:crypto'

/** How callers make idempotency keys: in order of time (UUIDv7), or at random (v4). */
export type KeyKind = 'v7' | 'v4'

export function keyMaker(kind: KeyKind): () => string {
  return kind === 'v4' ? () => crypto.randomUUID() : uuidV7Maker()
}

/** UUIDv7 as clients make them: milliseconds, a counter within the millisecond, random bits. */
function uuidV7Maker(): () => string {
  const random = Buffer.alloc(8192)
  let used = random.length
  let lastMs = 0
  let counter = 0
  return () => {
    if (used === random.length) {
      randomFillSync(random)
      used = 0
    }
    const nowMs = Date.now()
    if (nowMs > lastMs) {
      lastMs = nowMs
      counter = 0
    } else if (counter < 0xfff) counter += 1
    else {
      lastMs += 1
      counter = 0
    }
    const time = lastMs.toString(16).padStart(12, '0')
    const rest = random.toString('hex', used, used + 8)
    used += 8
    const count = counter.toString(16).padStart(3, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${rest.slice(0, 3)}-${rest.slice(3, 15)}`
  }
}
