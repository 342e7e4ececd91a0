import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Operation } from '../../src/ledger/operations.ts'

/** `lane`: each by itself, all at once. `transaction`: all in one. */
export type Door = 'lane' | 'transaction'

export interface Asked {
  readonly id: number
  readonly door: Door
  readonly operations: readonly Operation[]
}

export type Answer =
  | { readonly ok: true; readonly transaction: bigint }
  | { readonly ok: false; readonly code: string }

export interface LedgerProcess {
  ask(door: Door, operations: readonly Operation[]): Promise<Answer[]>
  close(): Promise<void>
}

/** A process with a ledger on a Postgres; it shares nothing with this one but the database. */
export async function openLedgerProcess(url: string): Promise<LedgerProcess> {
  const child = fork(join(import.meta.dirname, 'ledger-process.ts'), [url], {
    execArgv: ['--conditions=source'],
    serialization: 'advanced',
  })
  const waiting = new Map<number, (answers: Answer[]) => void>()
  await once(child, 'message')
  child.on('message', ({ id, answers }: { id: number; answers: Answer[] }) => {
    waiting.get(id)?.(answers)
    waiting.delete(id)
  })
  let asked = 0
  return {
    ask: (door, operations) => {
      asked += 1
      const id = asked
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        child.send({ id, door, operations } satisfies Asked)
      })
    },
    close: async () => {
      child.disconnect()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** Operations dealt out, one to each process in turn, and asked at once; their answers in the order of the operations. */
export async function askInTurn(
  processes: readonly LedgerProcess[],
  operations: readonly Operation[],
): Promise<Answer[]> {
  const all = await Promise.all(
    processes.map((one, place) =>
      one.ask(
        'lane',
        operations.filter((_, index) => index % processes.length === place),
      ),
    ),
  )
  return operations.map((_, index) => all[index % processes.length]![Math.floor(index / processes.length)]!)
}

/** How many succeeded, and with which codes the others did not. */
export function tallyOf(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const answer of answers) {
    const name = answer.ok ? 'ok' : answer.code
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
