import type { AnswerResult, Asked } from '../checkers/history.ts'
import type { World } from '../world/world.ts'
import type { Network } from './network.ts'
import type { Node } from './node.ts'
import type { Purse, Workload } from './workload.ts'

const patienceMs = 1500

/** A part of the app that asks, waits, and asks again under the same key: as often as it cares to. */
export class Client {
  readonly #world: World
  readonly #network: Network
  readonly #nodes: readonly Node[]
  readonly #workload: Workload

  constructor(world: World, network: Network, nodes: readonly Node[], workload: Workload) {
    this.#world = world
    this.#network = network
    this.#nodes = nodes
    this.#workload = workload
  }

  /** Until the client has done its share. */
  async work(operations: number): Promise<void> {
    const { random, scheduler, climate } = this.#world
    const asked = this.#workload.asked
    for (let done = 0; done < operations; done += 1) {
      await scheduler.sleep(random.between(0, climate.thinkMs * 2))
      const drawn = asked.length === 0 ? undefined : random.pick(asked)
      const before = drawn?.isPoison === true ? undefined : drawn
      if (before !== undefined && random.chance(0.06)) await this.#askAgain(before)
      else if (before !== undefined && random.chance(0.05))
        await this.ask(this.#workload.ask(this.#workload.clash(before.operation)))
      else if (before !== undefined && random.chance(0.02))
        await this.ask(this.#workload.ask(this.#workload.elsewhere(before.operation)))
      else if (random.chance(0.02))
        await this.ask(this.#workload.ask(this.#workload.poison(), { isPoison: true }))
      else await this.ask(this.#workload.ask(this.#workload.next(), { isPursued: random.chance(0.7) }))
    }
  }

  /** Long after it was answered, or by somebody who never heard of that. */
  async #askAgain(asked: Asked): Promise<void> {
    const { random, counts } = this.#world
    counts.replays += 1
    if (random.chance(0.3)) random.pick(this.#nodes).recall(asked, () => {})
    else await this.ask(asked)
  }

  /** Asks until there is an answer, or the client gives up. One who pursues it to the end gives up never. */
  async ask(asked: Asked): Promise<AnswerResult | undefined> {
    const { random, scheduler, counts } = this.#world
    const tries = random.between(1, 4)
    counts.operations += 1
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#askOnce(asked)
      if (answer?.kind === 'receipt') this.#purseOf(asked).knowledge.learn(answer.receipt)
      if (answer?.kind === 'refusal') counts.refusals += 1
      const isEnd = answer !== undefined && answer.kind !== 'fault' && !isOverload(answer)
      if (isEnd) return answer
      if (!asked.isPursued && attempt >= tries) return undefined
      counts.retries += 1
      await scheduler.sleep(random.between(20, 800))
    }
  }

  /** Undefined when the answer did not come in time. */
  #askOnce(asked: Asked): Promise<AnswerResult | undefined> {
    const { random, scheduler } = this.#world
    const node = random.pick(this.#nodes)
    return new Promise((resolve) => {
      this.#network.send('request', () =>
        node.handle(asked, (result) => this.#network.send('answer', () => resolve(result))),
      )
      scheduler.after(patienceMs, () => resolve(undefined))
    })
  }

  #purseOf({ operation }: Asked): Purse {
    const purse = this.#workload.purses.find((one) => one.walletId === operation.walletId)
    if (purse === undefined) throw new Error('Clients ask about the wallets there are.')
    return purse
  }
}

function isOverload(answer: AnswerResult): boolean {
  return answer.kind === 'refusal' && answer.code === 'overloaded'
}
