import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { environmentWith, type Fault, faultsNamed, plantAll } from '../../../../../tools/sabotage.ts'
import type { Violation } from '../checkers/check.ts'
import { faults } from './faults.ts'

/** How a fault was caught, or why it was not. */
export type Catch = (Violation & { readonly seed: number }) | string

const timeoutMs = 180_000
const outputBytesMax = 2 ** 26

/** One fault in a process of its own. */
export function hunt(fault: Fault): Promise<Catch> {
  const args = ['--conditions=source', fileURLToPath(new URL('hunt.ts', import.meta.url))]
  const options = {
    env: { ...process.env, ...environmentWith(fault) },
    timeout: timeoutMs,
    maxBuffer: outputBytesMax,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error?.killed === true) resolve('it came to no end')
      else if (error !== null) resolve(`it could not be run:\n${stderr}`)
      else resolve(stdout === '' ? 'nothing was found' : (JSON.parse(stdout) as Violation & { seed: number }))
    })
  })
}

/** Plants every fault in turn; those named only, if any are. */
export function sabotage(names: readonly string[]): Promise<number> {
  return plantAll(faultsNamed(faults, names), {
    atOnce: availableParallelism(),
    say: console.log,
    hunt: async (fault) => {
      const found = await hunt(fault)
      console.log(`${fault.name.padEnd(52)} ${describe(found)}`)
      return typeof found !== 'string'
    },
  })
}

function describe(found: Catch): string {
  if (typeof found === 'string') return `NOT CAUGHT: ${found}`
  return `seed ${String(found.seed).padStart(3)}  ${found.checker}: ${found.message.slice(0, 140)}`
}
