/** Runs seeds on faulty code until one breaks a promise, and says which: one line of JSON. */
import { runSeed } from '../run-seed.ts'

const seedsMax = 300
const cpuMsMax = 60_000

for (let seed = 1; seed <= seedsMax && process.cpuUsage().user / 1000 < cpuMsMax; seed += 1) {
  const { violations } = await runSeed(seed)
  const [first] = violations
  if (first === undefined) continue
  console.log(JSON.stringify({ seed, ...first }))
  break
}
