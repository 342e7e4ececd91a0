import { Slider } from '@base-ui/react/slider'
import { useState } from 'react'

interface Props {
  before: string
  after: string
  name: string
}

/** The small picture and the print, one over the other, with a slider between them. */
export function Comparison({ before, after, name }: Props) {
  const [percent, setPercent] = useState(50)
  return (
    <>
      <img
        src={after}
        alt={`${name}, enlarged`}
        className="absolute inset-0 size-full object-fill"
        draggable={false}
      />
      <img
        src={before}
        alt={`${name}, as it was`}
        className="absolute inset-0 size-full object-fill"
        style={{ clipPath: `inset(0 ${100 - percent}% 0 0)` }}
        draggable={false}
      />
      <Slider.Root
        value={percent}
        onValueChange={setPercent}
        min={0}
        max={100}
        largeStep={10}
        thumbAlignment="center"
        className="absolute inset-0"
      >
        <Slider.Control className="absolute inset-0 cursor-ew-resize touch-pan-y">
          <Slider.Track className="size-full">
            <Slider.Thumb
              aria-label="Before and after"
              getAriaValueText={(_, value) => `${value} per cent before, ${100 - value} per cent after`}
              className="group h-full w-8 focus:outline-none"
            >
              <span className="pointer-events-none absolute inset-y-0 left-1/2 w-0.5 -translate-x-1/2 bg-white/90 shadow-[0_0_6px_rgb(0_0_0/0.6)]" />
              <span className="pointer-events-none absolute top-1/2 left-1/2 flex size-10 -translate-x-1/2 -translate-y-1/2 items-center justify-center rounded-full border-2 border-white/95 bg-black/55 text-white backdrop-blur-sm group-has-[:focus-visible]:ring-4 group-has-[:focus-visible]:ring-safelight">
                <svg
                  viewBox="0 0 24 24"
                  className="size-5"
                  fill="none"
                  stroke="currentColor"
                  strokeWidth="2.2"
                  aria-hidden="true"
                >
                  <path d="m9 7-5 5 5 5M15 7l5 5-5 5" strokeLinecap="round" strokeLinejoin="round" />
                </svg>
              </span>
            </Slider.Thumb>
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
      <Tag side="left" isShown={percent > 12} text="Before" />
      <Tag side="right" isShown={percent < 88} text="After" />
    </>
  )
}

function Tag({ side, isShown, text }: { side: 'left' | 'right'; isShown: boolean; text: string }) {
  return (
    <span
      aria-hidden="true"
      className={`pointer-events-none absolute bottom-3 rounded bg-black/60 px-2 py-0.5 font-mono text-[11px] tracking-wider text-white uppercase transition-opacity ${side === 'left' ? 'left-3' : 'right-3'} ${isShown ? 'opacity-100' : 'opacity-0'}`}
    >
      {text}
    </span>
  )
}
