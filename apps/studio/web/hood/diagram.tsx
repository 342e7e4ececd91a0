import type { LifeNode } from '../../shared/api.ts'
import { arrows, type NodePlace, places } from './nodes.ts'

interface Props {
  /** When each node was last lit, and how often. */
  lit: Map<LifeNode, { count: number; isNow: boolean }>
  chosen: LifeNode | null
  onChoose: (node: LifeNode) => void
}

const width = 480
const height = 330
const box = { width: 112, height: 46 }

function centre({ x, y }: Pick<NodePlace, 'x' | 'y'>): { x: number; y: number } {
  return { x: 82 + x * 162, y: 34 + y * 84 }
}

/** The life of a credit. Lines are drawn, nodes are buttons; a node glows when it has just happened. */
export function Diagram({ lit, chosen, onChoose }: Props) {
  return (
    <section
      className="relative w-full"
      style={{ aspectRatio: `${width} / ${height}` }}
      aria-label="The life of a credit"
    >
      <svg viewBox={`0 0 ${width} ${height}`} className="absolute inset-0 size-full" aria-hidden="true">
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8z" fill="var(--line-strong)" />
          </marker>
          <marker
            id="tip-lit"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8z" fill="var(--safelight)" />
          </marker>
        </defs>
        {arrows.map(({ from, to, label }) => {
          const isLit = lit.get(to)?.isNow === true && lit.has(from)
          const line = lineOf(from, to)
          return (
            <g key={`${from} ${to}`}>
              <path
                d={line.path}
                fill="none"
                stroke={isLit ? 'var(--safelight)' : 'var(--line-strong)'}
                strokeWidth={isLit ? 2.4 : 1.4}
                markerEnd={isLit ? 'url(#tip-lit)' : 'url(#tip)'}
                className="transition-[stroke] duration-500"
              />
              {label === undefined ? null : (
                <text
                  x={line.label.x}
                  y={line.label.y}
                  fontSize="10.500"
                  fill="var(--faint)"
                  textAnchor={line.label.anchor}
                >
                  {label}
                </text>
              )}
            </g>
          )
        })}
      </svg>
      {places.map((place) => {
        const state = lit.get(place.node)
        const { x, y } = centre(place)
        return (
          <button
            key={place.node}
            type="button"
            data-testid={`node-${place.node}`}
            data-lit={state !== undefined}
            aria-pressed={chosen === place.node}
            onClick={() => onChoose(place.node)}
            className={`absolute flex -translate-x-1/2 -translate-y-1/2 items-center justify-center gap-1.5 rounded-lg border px-1 text-[11px] leading-tight font-semibold transition-all duration-500 sm:text-[13px] ${
              state?.isNow === true
                ? 'border-safelight bg-safelight text-safelight-ink shadow-[0_0_22px_var(--safelight-glow)]'
                : state === undefined
                  ? 'border-line bg-panel text-faint'
                  : 'border-line-strong bg-raised text-ink'
            } aria-pressed:outline-2 aria-pressed:outline-offset-2 aria-pressed:outline-safelight`}
            style={{
              left: `${(x / width) * 100}%`,
              top: `${(y / height) * 100}%`,
              width: `${(box.width / width) * 100}%`,
              height: `${(box.height / height) * 100}%`,
            }}
          >
            {place.title}
            {state === undefined ? null : (
              <span className="figures hidden font-mono text-[10px] font-normal sm:inline">
                ×{state.count}
              </span>
            )}
          </button>
        )
      })}
    </section>
  )
}

function placeOf(node: LifeNode): { x: number; y: number } {
  return centre(places.find((place) => place.node === node) ?? { x: 0, y: 0 })
}

interface Line {
  path: string
  label: { x: number; y: number; anchor: 'start' | 'middle' }
}

function lineOf(from: LifeNode, to: LifeNode): Line {
  const a = placeOf(from)
  const b = placeOf(to)
  const halfWidth = box.width / 2
  const halfHeight = box.height / 2
  if (from === 'top-up') {
    // Back to the start, round the outside.
    const left = a.x - halfWidth
    const path = `M${left} ${a.y} H${left - 14} V${b.y} H${left - 2}`
    return { path, label: { x: left, y: a.y, anchor: 'start' } }
  }
  if (from === 'result') {
    const path = `M${a.x} ${a.y - halfHeight} C${a.x} ${a.y - 50} ${b.x + 40} ${b.y + 62} ${b.x + 30} ${b.y + halfHeight + 2}`
    return { path, label: { x: a.x, y: a.y, anchor: 'start' } }
  }
  if (a.y === b.y) {
    const way = Math.sign(b.x - a.x)
    const path = `M${a.x + way * halfWidth} ${a.y} H${b.x - way * (halfWidth + 2)}`
    return { path, label: { x: (a.x + b.x) / 2, y: a.y - 7, anchor: 'middle' } }
  }
  const way = Math.sign(b.y - a.y)
  const path = `M${a.x} ${a.y + way * halfHeight} V${b.y - way * (halfHeight + 2)}`
  return { path, label: { x: a.x + 8, y: (a.y + b.y) / 2 + 4, anchor: 'start' } }
}
