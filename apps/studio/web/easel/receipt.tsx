import type { Job } from '../../shared/api.ts'
import { receiptSentence, wallSentence } from '../sentences.ts'

interface Props {
  job: Job
  onTopUp: () => void
  onRetry: () => void
  onDismiss: () => void
}

/** What a picture cost, under the picture: a till slip when it was made, a word of comfort when it was not. */
export function Receipt({ job, onTopUp, onRetry, onDismiss }: Props) {
  if (job.state === 'done' && job.receipt !== null && job.after !== null) {
    return (
      <div
        data-testid="receipt"
        className="rise torn mx-auto w-full max-w-xl bg-print px-5 py-4 font-mono text-[13px] text-print-ink"
      >
        <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
          <p className="figures font-semibold">{receiptSentence(job.receipt)}</p>
          <a
            className="rounded underline decoration-1 underline-offset-3 hover:decoration-2"
            href={`/api/jobs/${job.id}/after.png`}
            download={`${job.name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')}-${job.after.width}x${job.after.height}.png`}
          >
            Save {job.after.width} × {job.after.height}
          </a>
        </div>
        {job.receipt.settled ? null : (
          <p className="mt-1">
            The credits server was away. Your picture is safe, and the bill follows by itself.
          </p>
        )}
      </div>
    )
  }
  if (job.state === 'failed') {
    return (
      <div
        data-testid="failure"
        className="rise mx-auto flex w-full max-w-2xl flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-panel px-5 py-4"
      >
        <div className="min-w-48 flex-1">
          <p className="font-semibold text-good">You were charged nothing</p>
          <p className="text-sm text-soft">{job.failure}</p>
        </div>
        <button type="button" className="button button-small" onClick={onRetry}>
          Try again
        </button>
      </div>
    )
  }
  if (job.state === 'waiting' && job.wall !== null) {
    return (
      <div
        data-testid="wall"
        className="rise mx-auto flex w-full max-w-2xl flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border border-amber bg-amber-ground px-5 py-4"
      >
        <p className="min-w-56 flex-1 font-semibold text-amber">{wallSentence(job.wall)}</p>
        <div className="flex gap-2">
          <button type="button" className="button button-strong button-small" onClick={onTopUp}>
            Top up
          </button>
          <button type="button" className="button button-small" onClick={onDismiss}>
            Not now
          </button>
        </div>
      </div>
    )
  }
  return null
}
