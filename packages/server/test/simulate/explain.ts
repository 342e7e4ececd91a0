import type { Violation } from './checkers/check.ts'
import { runSeed } from './run-seed.ts'

const linesMax = 60
const violationsMax = 5

/** What was violated, the shortest run of the seed in which it is, and how to see all of it. */
export async function explain({
  seed,
  violations,
}: {
  readonly seed: number
  readonly violations: readonly Violation[]
}): Promise<string[]> {
  const [first] = violations
  if (first === undefined) return []
  const { share, trace } = await shortest(seed, first)
  const wallet = first.walletId?.slice(0, 8)
  const about = trace.filter(
    (line) => wallet === undefined || line.includes(wallet) || !/ in [0-9a-f]{8} |committed/.test(line),
  )
  return [
    `seed ${seed} breaks a promise:`,
    ...violations.slice(0, violationsMax).map(({ checker, message }) => `  ${checker}: ${message}`),
    ...(violations.length > violationsMax
      ? [`  and ${violations.length - violationsMax} more that may follow from these`]
      : []),
    ...about.slice(-linesMax).map((line) => `  ${line}`),
    `  All of it: npm run simulate -- --seed ${seed} --share ${share} --trace`,
  ]
}

/** The fewest operations of each client with which the same checker finds something: everything begins the same. */
async function shortest(seed: number, { checker }: Violation): Promise<{ share: number; trace: string[] }> {
  for (let share = 1; ; share += 1) {
    const trace: string[] = []
    // The next is tried only when this one was too short.
    const { violations, largestShare } = await runSeed(seed, { share, log: (line) => trace.push(line) })
    if (share >= largestShare || violations.some((one) => one.checker === checker)) return { share, trace }
  }
}
