import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { environmentWith, type Fault } from '../../../../tools/sabotage.ts'
import { faults } from '../simulate/sabotage/faults.ts'

/** Of the faults that the simulation knows, those that show without a crash and without anybody else: what is queued, sent and locked is not seen here. */
const unseen = ['lanes.ts', 'fair-queue.ts', 'apply-operations.ts', 'keys.ts']
const unseenNames = ['takes no lock', 'reads before it locks']

const operationsMax = 120_000

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export async function sabotage(names: readonly string[]): Promise<number> {
  const chosen = faults.filter(
    ({ name, edits }) =>
      !unseenNames.includes(name) &&
      !edits.some(({ file }) => unseen.some((one) => file.endsWith(one))) &&
      (names.length === 0 || names.some((part) => name.includes(part))),
  )
  const queue = [...chosen]
  let caught = 0
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
        // A core has one at a time.
        const found = await hunt(fault)
        if (found !== undefined) caught += 1
        console.log(`${fault.name.padEnd(52)} ${found ?? 'NOT CAUGHT'}`)
      }
    }),
  )
  console.log(`planted=${chosen.length} caught=${caught}`)
  return caught === chosen.length ? 0 : 1
}

/** In a process of its own: the first line of what was found wrong. */
async function hunt(fault: Fault): Promise<string | undefined> {
  const args = ['--conditions=source', join(import.meta.dirname, 'main.ts'), '--hunt']
  const child = spawn(process.execPath, [...args, '--operations', String(operationsMax)], {
    env: { ...process.env, ...environmentWith(fault) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = (await text(child.stdout)).trimEnd()
  return output.split('\n').find((line) => line.startsWith('found: '))
}
