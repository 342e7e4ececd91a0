import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { environmentWith, type Fault, faultsNamed, plantAll } from '../../../../tools/sabotage.ts'
import { faults } from '../simulate/sabotage/faults.ts'

/** Of the faults that the simulation knows, those that show without a crash and without anybody else: what is queued, sent and locked is not seen here. */
const unseen = ['lanes.ts', 'fair-queue.ts', 'apply-operations.ts', 'keys.ts']
const unseenNames = ['takes no lock', 'reads before it locks']

const operationsMax = 120_000

/** Plants one fault after the other. Answers the exit code: 1 when one was not caught. */
export function sabotage(names: readonly string[]): Promise<number> {
  const seen = faults.filter(
    ({ name, edits }) =>
      !unseenNames.includes(name) && !edits.some(({ file }) => unseen.some((one) => file.endsWith(one))),
  )
  return plantAll(faultsNamed(seen, names), {
    atOnce: availableParallelism(),
    say: console.log,
    hunt: async (fault) => {
      const found = await hunt(fault)
      console.log(`${fault.name.padEnd(52)} ${found ?? 'NOT CAUGHT'}`)
      return found !== undefined
    },
  })
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
