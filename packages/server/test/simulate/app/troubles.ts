import { Connection } from '../store/connection.ts'
import type { World } from '../world/world.ts'
import type { Node } from './node.ts'
import type { Purse } from './workload.ts'

const lockWallet = { name: 'stranger_lock_wallet', text: '' }

/** What goes wrong around the ledger: it comes at any moment, between any two steps. */
export class Troubles {
  readonly #world: World
  readonly #nodes: readonly Node[]
  readonly #purses: readonly Purse[]

  constructor(world: World, nodes: readonly Node[], purses: readonly Purse[]) {
    this.#world = world
    this.#nodes = nodes
    this.#purses = purses
  }

  async work(untilMs: number): Promise<void> {
    const { random, scheduler, climate } = this.#world
    for (let left = climate.troubles; left > 0; left -= 1) {
      await scheduler.sleep(random.between(0, untilMs / climate.troubles))
      if (random.chance(0.6)) await this.#untilBusy()
      if (this.#world.isHealed) return
      this.#one(random.weighted({ crash: 4, stop: 1, break: 6, failover: 1.5, stranger: 4 }))
    }
  }

  #one(trouble: 'crash' | 'stop' | 'break' | 'failover' | 'stranger'): void {
    const { random, counts } = this.#world
    const busy = this.#nodes.filter((node) => node.database?.connections.some((one) => one.isBusy))
    const node = random.pick(busy.length > 0 ? busy : this.#nodes)
    switch (trouble) {
      case 'crash':
        counts.crashes += node.isUp ? 1 : 0
        node.crash()
        this.#startLater(node)
        return
      case 'stop':
        void node.stop()
        this.#startLater(node)
        return
      case 'break': {
        const connections = node.database?.connections ?? []
        if (connections.length === 0) return
        counts.brokenConnections += 1
        this.#world.log(() => `${node.name} loses a connection to the database`)
        random.pick(connections).break()
        return
      }
      case 'failover':
        this.#failOver()
        return
      case 'stranger':
        void this.#stranger()
    }
  }

  /** Most of the time nothing is under way; what matters is what happens when something is. */
  async #untilBusy(): Promise<void> {
    const { random, scheduler } = this.#world
    for (let looks = 0; looks < 100; looks += 1) {
      if (this.#connections().some((connection) => connection.isBusy)) {
        await scheduler.sleep(random.between(0, 8))
        return
      }
      await scheduler.sleep(random.between(1, 20))
    }
  }

  #connections(): Connection[] {
    return this.#nodes.flatMap((node) => node.database?.connections ?? [])
  }

  #startLater(node: Node): void {
    const { random, scheduler } = this.#world
    scheduler.after(random.between(0, 3000), () => {
      if (!node.isUp) node.start()
    })
  }

  /** Another machine takes over: every connection ends, and the clock may step back. */
  #failOver(): void {
    const { random, scheduler, counts } = this.#world
    counts.failovers += 1
    this.#world.isDatabaseUp = false
    const byMs = random.between(-5000, 1000)
    this.#world.log(() => `the database fails over, its clock goes by ${byMs} ms`)
    for (const connection of this.#connections()) connection.endedByServer()
    this.#world.shiftDatabaseClock(byMs)
    scheduler.quietlyAfter(random.between(50, 2000), () => {
      this.#world.isDatabaseUp = true
    })
  }

  /** Somebody at a console locks wallets in no order at all, which is how deadlocks come about. */
  async #stranger(): Promise<void> {
    const { random, scheduler } = this.#world
    const connection = new Connection(this.#world, () => random.between(0, 30))
    await connection.send([{ kind: 'begin' }])
    try {
      for (let locks = random.between(2, 3); locks > 0; locks -= 1) {
        const { walletId } = random.pick(this.#purses)
        await connection.send([{ kind: 'statement', statement: lockWallet, values: [walletId] }])
        await scheduler.sleep(random.between(0, 60))
      }
    } catch {
      // It was the one that lost.
    }
    await connection.send([{ kind: 'rollback' }])
    connection.close()
  }
}
