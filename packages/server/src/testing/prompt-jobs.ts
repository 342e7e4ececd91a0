import type { Jobs, JobsOptions } from '../jobs/jobs.ts'
import { invariant } from '../kernel/refusal.ts'

/** Jobs that wait for nothing, not for a timer either: a test may have taken the timers away. */
export interface PromptJobs extends Jobs {
  /** When all that was begun has ended. */
  settled(): Promise<void>
  /** Does what is done every minute and day, once. */
  runRepeated(): Promise<void>
}

type Work = () => Promise<void>

/**
 * Runs a job in this process as soon as its transaction has committed, once: whoever waits for it is told of its failure, and nothing comes back
 * later. One whose transaction was rolled back runs too, and finds nothing to do, as the handlers of pg-boss's jobs must be able to.
 */
export function createPromptJobs({ log }: Pick<JobsOptions, 'log'>): PromptJobs {
  const queueNames = new Set<string>()
  const waiting: Work[] = []
  const repeated: Work[] = []
  let running = Promise.resolve()

  async function runAll(all: readonly Work[]): Promise<void> {
    for (const work of all) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        await work()
      } catch (err) {
        log.error({ err }, 'background work failed; in tests it is not tried again')
      }
    }
  }

  function wake(): void {
    running = running.then(() => runAll(waiting.splice(0)))
  }

  /** What runs may begin something. */
  async function settled(): Promise<void> {
    let last: Promise<void> | undefined
    while (last !== running) {
      last = running
      // oxlint-disable-next-line no-await-in-loop
      await last
    }
  }

  return {
    register: (queue) => {
      invariant(!queueNames.has(queue.name), 'a queue has one handler')
      queueNames.add(queue.name)
      repeated.push(async () => queue.sweep?.())
    },
    repeat: (work) => {
      repeated.push(() => work.run())
    },
    start: () => Promise.resolve(),
    enqueue: (_tx, queue, data) => {
      invariant(queueNames.has(queue.name), 'jobs are written to registered queues')
      waiting.push(() => queue.handle(data, { isLast: true }))
      return Promise.resolve()
    },
    wake,
    settled,
    runRepeated: () => {
      running = running.then(() => runAll(repeated))
      wake()
      return settled()
    },
    stop: settled,
  }
}
