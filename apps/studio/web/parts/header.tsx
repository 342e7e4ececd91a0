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
      </nav>
      <LightSwitch />
      <div className="w-full sm:w-auto">{children}</div>
    </header>
  )
}

function LightSwitch() {
  const [light, setLight] = useState(lightNow)
  return (
    <button
      type="button"
      className="quiet ml-auto flex size-9 items-center justify-center"
      aria-label={light === 'safe' ? 'Switch to white light' : 'Switch to safelight'}
      onClick={() => setLight(switchLight())}
    >
      <svg
        viewBox="0 0 24 24"
        className="size-5"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        aria-hidden="true"
      >
        {light === 'safe' ? (
          <path
            d="M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400"
            strokeLinecap="round"
          />
        ) : (
          <path
            d="M12 2.500v4M5.500 14a6.500 6.500 0 0 1 13 0zM8 17.500 6.500 21M16 17.500l1.500 3.500M12 17.500V21"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        )}
      </svg>
    </button>
  )
}
