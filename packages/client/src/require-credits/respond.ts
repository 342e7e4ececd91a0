import { InsufficientCreditsError } from '../api/errors.ts'
import { briefly, realSurroundings } from '../api/surroundings.ts'
import type { CatalogShape } from '../catalog.ts'
import type { Client } from '../create-client.ts'
import type { HeldCredits, WithCreditsInput } from '../with-credits.ts'
import { problemType, refusalBody, remainingHeader } from './refusal.ts'

// The caller has its bytes by then: only a server that is away takes longer, and the capture goes on by itself.
const settlingWaitMs = 2_000

/**
 * Holds, lets the handler respond, and settles with its answer: captures when a 2xx answer was read to its end,
 * releases otherwise. Answers 402 itself when the credits do not suffice.
 */
export async function respondWithCredits<C extends CatalogShape>(
  client: Client<C>,
  input: WithCreditsInput<C>,
  handle: (held: HeldCredits) => Promise<{ response: Response; failed: boolean }>,
): Promise<Response> {
  // Resolved when an answer may be sent before its hold is settled; all others are sent after.
  const begun = Promise.withResolvers<Response>()
  let responding: Promise<Response> | null = null

  const settling = client.withCredits(input, async (held) => {
    const handling = handle(held)
    responding = handling.then(({ response }) => withRemaining(response, held))
    const response = await responding
    // The caller has left and the hold is given back: the answer is the handler's affair, and its body is not touched.
    held.signal.throwIfAborted()
    if ((await handling).failed || !response.ok) throw new Error('The handler gave no answer to pay for.')
    if (response.body === null) {
      void untilSettled().then(() => begun.resolve(response))
      return
    }
    const { body, ended } = watchBody(response.body, held.signal, untilSettled)
    begun.resolve(new Response(body, response))
    await ended
  })

  function untilSettled(): Promise<void> {
    const settled = settling.then(
      () => {},
      () => {},
    )
    return briefly(realSurroundings, settled, settlingWaitMs)
  }

  const settled = settling.then(
    () => begun.promise,
    (error: unknown) => {
      // The handler was called: what it answered or threw stands, also when the caller has left meanwhile.
      if (responding !== null) return responding
      if (error instanceof InsufficientCreditsError) return refusal(error)
      throw error
    },
  )
  return Promise.race([begun.promise, settled])
}

/** Passes a body on at the reader's pace, and says how it ended. Its end is passed on when `settled` has resolved. */
function watchBody(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
  settled: () => Promise<void>,
): { body: ReadableStream<Uint8Array<ArrayBuffer>>; ended: Promise<void> } {
  const reader = source.getReader()
  const ended = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        signal.addEventListener('abort', () => {
          ended.reject(signal.reason)
          controller.error(signal.reason)
          // Tells the handler's source to stop; how it takes that is of no interest any more.
          reader.cancel(signal.reason).catch(() => {})
        })
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
        } catch (error) {
          ended.reject(error)
          throw error
        }
        ended.resolve()
        await settled()
        controller.close()
      },
      async cancel(reason) {
        ended.reject(reason ?? new Error('The caller left before the end of the answer.'))
        await reader.cancel(reason)
      },
    },
    // Nothing is read ahead: what was not asked for was not delivered.
    { highWaterMark: 0 },
  )
  return { body, ended: ended.promise }
}

function withRemaining(response: Response, held: HeldCredits): Response {
  // The headers of a fetched or redirecting response cannot be changed, those of its copy can.
  const copy = new Response(response.body, response)
  copy.headers.set(remainingHeader, held.hold.balance.spendable)
  return copy
}

function refusal(error: InsufficientCreditsError): Response {
  const headers = { 'content-type': problemType, [remainingHeader]: error.spendable }
  return new Response(refusalBody(error), { status: 402, headers })
}
