import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** The processes whose time is counted beside this one. */
export interface Watched {
  /** Postgres's first process; all others are its children. */
  readonly postmaster: number | undefined
  /** Our server, where it is a process of its own. */
  readonly server?: number | undefined
  /** The callers, where they are a process of their own. */
  readonly callers?: number | undefined
}

/** Microseconds of CPU, user and system. What is not watched is zero; undefined where the system does not tell (it needs /proc). */
export interface CpuUse {
  readonly postgres: number | undefined
  /** This process: the engine and its callers, or a baseline and its callers. */
  readonly here: number
  readonly server: number | undefined
  readonly callers: number | undefined
  /** The whole machine: what is none of the above was somebody else's, and what was measured meanwhile is worth less. */
  readonly machine: number
}

export function readCpu(watched: Watched): CpuUse {
  const { user, system } = process.cpuUsage()
  return {
    postgres: watched.postmaster === undefined ? 0 : ofFamily(watched.postmaster),
    here: user + system,
    server: watched.server === undefined ? 0 : ofProcess(watched.server),
    callers: watched.callers === undefined ? 0 : ofProcess(watched.callers),
    machine: ofMachine(),
  }
}

export function cpuBetween(before: CpuUse, after: CpuUse): CpuUse {
  return {
    postgres: difference(before.postgres, after.postgres),
    here: after.here - before.here,
    server: difference(before.server, after.server),
    callers: difference(before.callers, after.callers),
    machine: after.machine - before.machine,
  }
}

/** What others than those measured took of the machine meanwhile, between 0 and 1; undefined where the system does not tell. */
export function shareOfOthers(
  { postgres, here, server, callers, machine }: CpuUse,
  elapsedMs: number,
): number | undefined {
  if (postgres === undefined || server === undefined || callers === undefined) return undefined
  const others = machine - postgres - here - server - callers
  return Math.max(others, 0) / (elapsedMs * 1000 * cpus().length)
}

function ofMachine(): number {
  const millis = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return millis * 1000
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before
}

/** A parent and its children, those that have ended included. */
function ofFamily(parent: number): number | undefined {
  const first = readStat(parent)
  if (first === undefined) return undefined
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? [])
    .filter((stat) => stat.parent === parent)
  return first.ownMicros + first.endedChildrenMicros + children.reduce((sum, stat) => sum + stat.ownMicros, 0)
}

function ofProcess(pid: number): number | undefined {
  return readStat(pid)?.ownMicros
}

export function parentOf(pid: number): number | undefined {
  return readStat(pid)?.parent
}

interface Stat {
  readonly parent: number
  readonly ownMicros: number
  readonly endedChildrenMicros: number
}

// Linux tells times to programs in hundredths of a second, whatever it counts in itself.
const microsPerTick = 10_000

function readStat(pid: number): Stat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    // Ended meanwhile, or no /proc here.
    return undefined
  }
  // The program's name, in parentheses, may contain anything. After it: state, parent, and from the twelfth on the times.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [parent = 0] = fields.slice(1)
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11)
  return {
    parent,
    ownMicros: (user + system) * microsPerTick,
    endedChildrenMicros: (endedUser + endedSystem) * microsPerTick,
  }
}
