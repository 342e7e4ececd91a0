import { type ChangeEvent, useId } from 'react'
import { type Source, samples } from './source.ts'

/** What every browser makes a bitmap of; of an SVG it does not. */
const readableTypes = 'image/png,image/jpeg,image/webp,image/avif,image/gif'

interface Props {
  chosen: Source
  onSample: (sample: Source) => void
  onFile: (file: File) => void
}

/** The samples to try, and the way to bring a picture of one's own. */
export function LightTable({ chosen, onSample, onFile }: Props) {
  const id = useId()
  function pick(event: ChangeEvent<HTMLInputElement>) {
    const file = event.target.files?.[0]
    if (file !== undefined) onFile(file)
    // Chosen again, the same file is a new wish.
    event.target.value = ''
  }
  return (
    <div className="flex flex-col gap-3">
      <fieldset className="flex gap-2.5">
        <legend className="sr-only">Samples</legend>
        {samples.map((sample) => (
          <button
            key={sample.name}
            type="button"
            aria-pressed={chosen.url === sample.url}
            aria-label={`Sample: ${sample.name}`}
            onClick={() => onSample(sample)}
            className="group relative flex-1 rounded-[3px] bg-print p-1 shadow-print transition-transform hover:-translate-y-0.5 aria-pressed:ring-2 aria-pressed:ring-safelight"
          >
            <img src={sample.url} alt="" className="aspect-4/3 w-full object-cover" />
          </button>
        ))}
      </fieldset>
      <label
        htmlFor={id}
        className="button has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-offset-3 has-[:focus-visible]:outline-safelight"
      >
        Choose a picture of yours
        <input id={id} type="file" accept={readableTypes} className="sr-only" onChange={pick} />
      </label>
      <p className="text-sm text-faint">Or drop one on the easel, or paste it. It stays on this machine.</p>
    </div>
  )
}
