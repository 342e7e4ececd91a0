import type { World } from '../world/world.ts'

/** Between the app's clients and the nodes: messages are lost, doubled, late, and overtake each other. */
export class Network {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  send(what: 'request' | 'answer', deliver: () => void): void {
    const { random, scheduler, climate, counts, isHealed } = this.#world
    if (!isHealed && random.chance(climate.loss)) {
      counts.lostMessages += 1
      if (what === 'answer') counts.lostAnswers += 1
      return
    }
    scheduler.after(this.#delayMs(), deliver)
    if (!isHealed && random.chance(climate.duplication)) {
      counts.duplicates += 1
      scheduler.after(this.#delayMs() * 3, deliver)
    }
  }

  #delayMs(): number {
    const { random, isHealed } = this.#world
    if (!isHealed && random.chance(0.05)) return random.between(200, 4000)
    return random.between(1, 40)
  }
}
