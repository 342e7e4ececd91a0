import { cpuBetween, readCpu } from './cpu.ts'
import { type KeyKind, keyMaker } from './keys.ts'
import { closedLoop, type Load } from './measure.ts'
import { drawWallet, type Sample } from './way.ts'

/** Measures a way whose callers live in this process, as the baselines' and the engine's do. */
export async function measureHere(
  load: Load,
  keys: KeyKind,
  postmaster: number | undefined,
  charge: (wallet: number, newKey: () => string) => Promise<unknown>,
): Promise<Sample> {
  const watched = { postmaster }
  const newKey = keyMaker(keys)
  let before = readCpu(watched)
  let after = before
  const counted = await closedLoop(load, () => charge(drawWallet(load.wallets), newKey), {
    onBegan: () => {
      before = readCpu(watched)
    },
    onEnded: () => {
      after = readCpu(watched)
    },
  })
  return { ...counted, cpu: cpuBetween(before, after) }
}
