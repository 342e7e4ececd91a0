import type { Job } from '../../shared/api.ts'

/** The picture under the safelight: each tile clears when the model is done with it. */
export function Developing({ job, before }: { job: Job; before: string }) {
  const { progress } = job
  const tiles = progress === null ? 0 : progress.columns * progress.rows
  return (
    <>
      <img
        src={before}
        alt={`${job.name}, being enlarged`}
        className="absolute inset-0 size-full object-fill"
      />
      {progress === null ? (
        <div className="absolute inset-0 bg-[#7a1204]/75 mix-blend-multiply" />
      ) : (
        <div
          className="absolute inset-0 grid"
          style={{
            gridTemplateColumns: `repeat(${progress.columns}, 1fr)`,
            gridTemplateRows: `repeat(${progress.rows}, 1fr)`,
          }}
          aria-hidden="true"
        >
          {Array.from({ length: tiles }, (_, i) => (
            <div
              // The tiles of a plan have no identity but their place.
              // oxlint-disable-next-line react/no-array-index-key
              key={i}
              className={`transition-all duration-500 ${i < progress.done ? 'opacity-0' : i === progress.done ? 'breathe bg-[#ff3b14]/70 mix-blend-multiply' : 'bg-[#7a1204]/78 mix-blend-multiply'}`}
            />
          ))}
        </div>
      )}
      <div className="absolute inset-x-0 bottom-0 flex items-end justify-between gap-3 bg-linear-to-t from-black/80 to-transparent px-4 pt-14 pb-3 text-white">
        <p className="font-mono text-xs tracking-wider uppercase">
          {progress === null ? 'Asking for credits…' : `Developing ${progress.done}/${tiles}`}
        </p>
        <progress
          aria-label="Developing"
          className="darkroom-progress h-1 w-2/5"
          max={Math.max(1, tiles)}
          value={progress?.done ?? 0}
        />
      </div>
    </>
  )
}
