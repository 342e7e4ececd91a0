import { type Ref, useRef } from 'react'
import { creditsText } from '../../shared/amounts.ts'
import type { Job, PictureAction, Prices } from '../../shared/api.ts'
import { pictureUrl } from '../api.ts'
import { Comparison } from './comparison.tsx'
import { Developing } from './developing.tsx'
import { Receipt } from './receipt.tsx'
import type { Source } from './source.ts'
import { useKeptFocus } from './use-kept-focus.ts'

interface Props {
  place: Ref<HTMLElement>
  source: Source
  job: Job | null
  prices: Prices | undefined
  isStarting: boolean
  problem: string | null
  onEnlarge: (action: PictureAction) => void
  /** A picture is being dragged over the page. */
  isOver: boolean
  onStop: () => void
  onTopUp: () => void
  onRetry: () => void
  onDismiss: () => void
}

/** Where the picture lies: the picture, what may be done with it, and what it cost. */
export function Easel(props: Props) {
  const { place, source, job, prices, problem, isOver } = props
  const isBusy = job?.state === 'asking' || job?.state === 'developing'
  const row = useRef<HTMLDivElement>(null)
  const focus = useKeptFocus(row)

  return (
    <section ref={place} aria-label="Easel" className="flex scroll-mt-3 flex-col gap-4" {...focus}>
      <div className="grid grid-cols-[8px_1fr] grid-rows-[8px_1fr] gap-1.5" data-testid="easel">
        <span />
        <span className="ruler-x" aria-hidden="true" />
        <span className="ruler-y" aria-hidden="true" />
        <div
          className={`mx-auto w-full rounded-[3px] bg-print p-2 shadow-print transition-shadow sm:p-3.5 ${isOver ? 'ring-4 ring-safelight' : ''}`}
          style={{
            maxWidth: `calc((100dvh - 19.5rem) * ${source.width / source.height})`,
            minWidth: 'min(100%, 17rem)',
          }}
        >
          <div
            className="relative w-full overflow-hidden bg-black"
            style={{ aspectRatio: `${source.width} / ${source.height}` }}
          >
            <Picture source={source} job={job} />
          </div>
          <Caption source={source} job={job} />
        </div>
      </div>

      <div ref={row} className="flex flex-wrap items-center justify-center gap-3">
        {isBusy ? (
          <button
            type="button"
            className="button"
            data-passing
            onClick={props.onStop}
            // A key that is still held down since Enlarge does not stop what it started.
            onKeyDown={(event) => {
              if (event.repeat) event.preventDefault()
            }}
          >
            Stop, charge nothing
          </button>
        ) : (
          pictureOffers(prices).map(({ action, label, isStrong }) => (
            <button
              key={action}
              type="button"
              className={`button grow basis-60 sm:grow-0 sm:basis-auto sm:px-6 ${isStrong ? 'button-strong' : ''}`}
              disabled={props.isStarting || prices === undefined}
              onClick={() => props.onEnlarge(action)}
            >
              {label}
            </button>
          ))
        )}
      </div>

      {problem === null ? null : (
        <p role="alert" className="rise rounded-xl border border-line bg-panel px-5 py-3 text-center text-sm">
          {problem}
        </p>
      )}
      {job === null ? null : (
        <Receipt job={job} onTopUp={props.onTopUp} onRetry={props.onRetry} onDismiss={props.onDismiss} />
      )}
    </section>
  )
}

function Picture({ source, job }: { source: Source; job: Job | null }) {
  if (job?.state === 'done') {
    return (
      <Comparison
        key={job.id}
        before={pictureUrl(job, 'before')}
        after={pictureUrl(job, 'after')}
        name={job.name}
      />
    )
  }
  if (job?.state === 'asking' || job?.state === 'developing')
    return <Developing job={job} before={source.url} />
  if (job === null && source.print !== undefined) {
    return <Comparison before={source.url} after={source.print} name={source.name} />
  }
  return (
    <img
      src={source.url}
      alt={source.name}
      className="absolute inset-0 size-full object-fill"
      draggable={false}
    />
  )
}

function Caption({ source, job }: { source: Source; job: Job | null }) {
  const size = `${source.width} × ${source.height}`
  const after =
    job?.state === 'done' && job.after !== null ? ` → ${job.after.width} × ${job.after.height}` : ''
  const example =
    job === null && source.print !== undefined ? ` → ${source.width * 4} × ${source.height * 4}` : ''
  const scaled =
    source.original === undefined
      ? ''
      : `, scaled down from ${source.original.width} × ${source.original.height}`
  return (
    <p className="flex justify-between gap-3 px-0.5 pt-2 font-mono text-[11px] tracking-wide text-[#6a5849] sm:pt-3">
      <span className="truncate">{source.name}</span>
      <span className="figures shrink-0 text-right">
        {size}
        {after}
        {example}
        {example === '' ? null : <span className="hidden sm:inline">, a print made earlier</span>}
        {scaled}
      </span>
    </p>
  )
}

/** The catalog's names and prices, as they stand in the buttons. */
function pictureOffers(prices: Prices | undefined) {
  const actions: { action: PictureAction; name: string; isStrong: boolean }[] = [
    { action: 'image.standard', name: 'Enlarge 2×', isStrong: false },
    { action: 'image.hires', name: 'Enlarge 4×', isStrong: true },
  ]
  return actions.map(({ action, name, isStrong }) => {
    const offer = prices?.actions.find((candidate) => candidate.action === action)
    const label = offer === undefined ? name : `${offer.name} · ${creditsText(offer.credits)}`
    return { action, isStrong, label }
  })
}
