import { type ReactNode, useState } from 'react'
import { lightNow, switchLight } from './light.ts'

interface Props {
  canBreak: boolean
  onHistory: () => void
  onHood: () => void
  onBreak: () => void
  children: ReactNode
}

export function Header({ canBreak, onHistory, onHood, onBreak, children }: Props) {
  const [light, setLight] = useState(lightNow)
  return (
    <header className="flex flex-wrap items-center gap-x-5 gap-y-2 py-4">
      <p className="flex items-center gap-2.5 font-display text-xl tracking-tight">
        <img src="/darkroom.svg" alt="" className="size-7" />
        Darkroom
      </p>
      <nav
        aria-label="Studio"
        className="order-last -ml-2 flex w-full flex-wrap gap-x-1 text-sm md:order-none md:ml-0 md:w-auto"
      >
        <button type="button" className="quiet" onClick={onHistory}>
          History
        </button>
        <button type="button" className="quiet" onClick={onHood}>
          Under the hood
        </button>
        {canBreak ? (
          <button type="button" className="quiet" onClick={onBreak}>
            Try to break it
          </button>
        ) : null}
        <button
          type="button"
          className="quiet"
          aria-label={light === 'safe' ? 'Switch to white light' : 'Switch to safelight'}
          onClick={() => setLight(switchLight())}
        >
          {light === 'safe' ? 'White light' : 'Safelight'}
        </button>
      </nav>
      <div className="ml-auto">{children}</div>
    </header>
  )
}
