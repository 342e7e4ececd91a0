import { Client } from './app/client.ts'
import { Network } from './app/network.ts'
import { Node } from './app/node.ts'
import { Orders } from './app/orders.ts'
import { Troubles } from './app/troubles.ts'
import { Workload } from './app/workload.ts'
import { check, type Violation } from './checkers/check.ts'
import type { History } from './checkers/history.ts'
import { Random } from './world/random.ts'
import { type Climate, type Counts, World } from './world/world.ts'

export type SeedCounts = Counts & {
  readonly lockWaits: number
  readonly deadlocks: number
  readonly commits: number
}

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly counts: SeedCounts
  /** How many operations a client asked for, when nothing shortened it. */
  readonly largestShare: number
  readonly history: History
}

export interface SeedOptions {
  /** How many operations each client asks for at most: fewer than the seed has, for a shorter trace of the same beginning. */
  readonly share?: number | undefined
  readonly log?: ((line: string) => void) | undefined
}

/** Of virtual time: more than any retry takes. */
const patienceMs = 600_000

/** One simulated world, from its seed to the verdict. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const random = new Random(seed)
  const climate = drawClimate(random)
  const world = new World(seed, climate, random, options.log)
  const { scheduler, counts, store } = world
  const nodes = Array.from({ length: climate.nodes }, (_, index) => new Node(world, `node ${index + 1}`))
  const workload = new Workload(world)
  const network = new Network(world)
  const clients = Array.from({ length: climate.clients }, () => new Client(world, network, nodes, workload))
  const orders = new Orders(world, nodes, workload)
  const troubles = new Troubles(world, nodes, workload.purses)

  const share = Math.ceil(climate.operations / climate.clients)
  const lastsMs = share * climate.thinkMs
  let isDone = false
  const all = finish()
  async function finish(): Promise<void> {
    await firstLots(clients, workload, world)
    void troubles.work(lastsMs)
    void readers(nodes, workload, world)
    void orders.work()
    if (climate.hasBurst) void burst(clients, workload, world)
    await Promise.all(
      clients.map(async (client) => {
        // Those who pursue something to the end are patient: all is healed when the time is over.
        await client.work(Math.min(share, options.share ?? share))
      }),
    )
    world.isHealed = true
    for (const node of nodes) if (!node.isUp) node.start()
    await orders.finish()
  }
  scheduler.after(lastsMs * 2, () => {
    world.log(() => 'all is healed')
    world.isHealed = true
    world.isDatabaseUp = true
  })
  void all.then(() => {
    isDone = true
  })
  await scheduler.runUntil(() => isDone, lastsMs * 2 + patienceMs)
  const leftOver = isDone ? [] : ['somebody still waits for an answer, though all is healed']
  // What is under way comes to its end: sessions that nobody listens to any more, too.
  await scheduler.runUntil(() => false, scheduler.nowMs + patienceMs)
  if (store.locks.size > 0) leftOver.push(`${store.locks.size} rows are locked, and nobody does anything`)
  leftOver.push(...nodes.flatMap((node) => node.leftOver))

  const history = historyOf(world, leftOver)
  return {
    seed,
    largestShare: share,
    violations: check(history),
    counts: {
      ...counts,
      shown: world.shown.length,
      lockWaits: store.locks.waitCount,
      deadlocks: store.locks.deadlockCount,
      commits: store.commitCount,
    },
    history,
  }
}

function drawClimate(random: Random): Climate {
  const hasBurst = random.chance(0.06)
  const hasTightLimits = random.chance(0.2)
  const hasManyLots = random.chance(0.2)
  return {
    nodes: random.between(2, 3),
    wallets: hasBurst ? 6 : random.between(1, 4),
    clients: random.between(3, 8),
    operations: random.between(40, 110),
    thinkMs: Number(random.weighted({ '10': 2, '100': 3, '500': 3, '5000': 1, '100000': 0.5 })),
    loss: random.pick([0, 0.02, 0.1, 0.25]),
    duplication: random.pick([0, 0.02, 0.1]),
    troubles: random.pick([0, 3, 8, 20]),
    lots: hasManyLots ? random.between(14, 40) : random.between(0, 3),
    grantMax: hasManyLots ? random.pick([1, 2, 10]) : 30,
    spendMax: hasManyLots ? 20 : 10,
    limited: hasTightLimits ? 0.8 : random.pick([0, 0.3]),
    hasTightLimits,
    queueMax: random.chance(0.1) ? 3 : 1000,
    hasBurst,
  }
}

/** What a wallet begins with. */
async function firstLots(clients: readonly Client[], workload: Workload, world: World): Promise<void> {
  const asking = workload.purses.flatMap((purse) =>
    Array.from({ length: world.climate.lots }, () =>
      world.random.pick(clients).ask(
        workload.ask(workload.operation(purse, workload.grant(purse)), {
          isPursued: world.random.chance(0.7),
        }),
      ),
    ),
  )
  await Promise.all(asking)
}

async function burst(clients: readonly Client[], workload: Workload, world: World): Promise<void> {
  await world.scheduler.sleep(world.random.between(0, world.climate.thinkMs * 4))
  for (let count = 0; count < 250; count += 1)
    void world.random.pick(clients).ask(workload.ask(workload.next()))
}

async function readers(nodes: readonly Node[], workload: Workload, world: World): Promise<void> {
  const { random, scheduler, climate } = world
  while (!world.isHealed) {
    await scheduler.sleep(random.between(0, climate.thinkMs * 6))
    random.pick(nodes).show(random.pick(workload.purses).walletId)
  }
}

function historyOf(world: World, leftOver: readonly string[]): History {
  const { tables } = world.store
  // The store's rows have the columns that its statements gave them.
  const all = (table: Parameters<typeof tables.all>[0]) => tables.all(table) as never[]
  return {
    asked: world.asked,
    runs: world.runs,
    shown: world.shown,
    notShown: world.notShown,
    rows: {
      wallets: all('wallets'),
      entries: all('entries'),
      lots: all('lots'),
      waitingLots: all('waiting_lots'),
      holds: all('holds'),
      debts: all('debts'),
      refunds: all('charge_refunds'),
      counts: all('limit_counts'),
      orders: all('orders'),
    },
    commitOf: world.commitOf,
    leftOver,
  }
}
