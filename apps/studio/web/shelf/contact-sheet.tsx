import type { Job } from '../../shared/api.ts'
import { pictureUrl } from '../api.ts'
import { stateWord } from '../sentences.ts'

interface Props {
  jobs: readonly Job[]
  chosen: string | null
  onChoose: (job: Job) => void
}

/** The visitor's pictures as a strip of film; they are still here tomorrow. */
export function ContactSheet({ jobs, chosen, onChoose }: Props) {
  if (jobs.length === 0) return null
  return (
    <section aria-label="Your pictures" className="overflow-hidden rounded-lg bg-[#0d0807] [--hole:#3d2c24]">
      <div className="sprockets" aria-hidden="true" />
      <ul className="flex gap-2 overflow-x-auto px-3 py-1 lg:grid lg:max-h-56 lg:grid-cols-3 lg:overflow-x-hidden lg:overflow-y-auto">
        {jobs.map((job, i) => (
          <li key={job.id} className="shrink-0">
            <button
              type="button"
              aria-pressed={job.id === chosen}
              onClick={() => onChoose(job)}
              className="group relative block w-full rounded-[2px] outline-offset-2 aria-pressed:ring-2 aria-pressed:ring-[#ff6a45]"
            >
              <span className="sr-only">
                {job.name}, {stateWord(job)}
              </span>
              <span
                aria-hidden="true"
                className="relative block h-16 w-22 overflow-hidden lg:w-full rounded-[2px] bg-[#1b1310]"
              >
                <img
                  src={pictureUrl(job, 'before')}
                  alt=""
                  loading="lazy"
                  className={`size-full object-cover transition-opacity ${job.state === 'done' ? '' : 'opacity-45 group-hover:opacity-70'}`}
                />
                {job.state === 'done' ? null : (
                  <span className="absolute inset-0 flex items-center justify-center bg-[#4a0d02]/45 font-mono text-[10px] tracking-wider text-[#ffd9c9] uppercase">
                    {stateWord(job)}
                  </span>
                )}
              </span>
              <span
                aria-hidden="true"
                className="flex justify-between px-0.5 pt-0.5 font-mono text-[10px] text-[#d9a15c]"
              >
                <span>{jobs.length - i}</span>
                <span>{job.action === 'image.hires' ? '4×' : '2×'}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <div className="sprockets" aria-hidden="true" />
    </section>
  )
}
