import type { Entry } from '@tallystick/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { CodeExcerpt, LifeEvent, LifeNode } from '../../shared/api.ts'
import { studio } from '../api.ts'
import { Sheet } from '../parts/sheet.tsx'
import { keys } from '../use-studio.ts'
import { Diagram } from './diagram.tsx'
import { places } from './nodes.ts'

const glowsForMs = 2_600

/** The life of this visitor's credits, as it happens, with what really went over the wire. */
export default function HoodDrawer({
  isOpen,
  onOpenChange,
}: {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
}) {
  const { data } = useQuery({ queryKey: keys.life, queryFn: studio.life, enabled: isOpen })
  const [chosen, setChosen] = useState<LifeNode | null>(null)
  const now = useNow(isOpen)
  const events = data?.data ?? []
  const lit = new Map<LifeNode, { count: number; isNow: boolean }>()
  for (const event of events) {
    const count = (lit.get(event.node)?.count ?? 0) + 1
    lit.set(event.node, { count, isNow: now - Date.parse(event.at) < glowsForMs })
  }
  const shown = chosen ?? events.at(-1)?.node ?? 'balance'
  return (
    <Sheet
      kind="drawer"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Under the hood"
      description="The life of a credit. It lights up as yours go through it; choose a node to see what went over the wire."
    >
      <Diagram lit={lit} chosen={shown} onChoose={setChosen} />
      <Detail
        key={shown}
        node={shown}
        events={events.filter((event) => event.node === shown)}
        code={data?.code[shown] ?? []}
      />
    </Sheet>
  )
}

/** A clock for the glow, only while somebody looks. */
function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => setNow(Date.now()), 400)
    return () => clearInterval(timer)
  }, [isRunning])
  return now
}

function Detail({ node, events, code }: { node: LifeNode; events: LifeEvent[]; code: CodeExcerpt[] }) {
  const place = places.find((candidate) => candidate.node === node)
  const [back, setBack] = useState(0)
  const event = events.at(-1 - back)
  return (
    <section
      aria-label={place?.title}
      data-testid="node-detail"
      className="mt-5 flex flex-col gap-4 border-t border-line pt-4"
    >
      <div>
        <h3 className="font-display text-xl">{place?.title}</h3>
        <p className="text-sm text-soft">{place?.about}</p>
      </div>
      {event === undefined ? (
        <p className="text-sm text-faint">It has not happened to you yet.</p>
      ) : (
        <>
          <div className="flex items-center gap-2 text-sm">
            <span className="flex-1">
              <span className="font-semibold">{event.title}</span>{' '}
              <time className="text-faint" dateTime={event.at}>
                {new Date(event.at).toLocaleTimeString('en-GB')}
              </time>
            </span>
            {events.length > 1 ? (
              <span className="flex gap-1">
                <button
                  type="button"
                  className="quiet"
                  aria-label="Earlier"
                  disabled={back >= events.length - 1}
                  onClick={() => setBack(back + 1)}
                >
                  ←
                </button>
                <button
                  type="button"
                  className="quiet"
                  aria-label="Later"
                  disabled={back === 0}
                  onClick={() => setBack(back - 1)}
                >
                  →
                </button>
              </span>
            ) : null}
          </div>
          {event.raw === undefined ? (
            <Block title="What the server said" text={JSON.stringify(event.facts, null, 2)} testId="facts" />
          ) : (
            <RawWebhook raw={event.raw} />
          )}
          {node === 'hold' || node === 'result' || node === 'balance' ? <Entries event={event} /> : null}
        </>
      )}
      {code.length === 0 ? (
        <p className="text-sm text-faint">No code of the studio: here Tallystick’s server works by itself.</p>
      ) : (
        code.map((excerpt) => (
          <Block
            key={`${excerpt.file}:${excerpt.line}`}
            title={`${excerpt.file}:${excerpt.line}`}
            text={excerpt.text}
            testId="code"
          />
        ))
      )}
    </section>
  )
}

function RawWebhook({ raw }: { raw: NonNullable<LifeEvent['raw']> }) {
  const headers = Object.entries(raw.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
  const size = new TextEncoder().encode(raw.body).length
  return (
    <>
      <Block title="Headers" text={headers} testId="webhook-headers" />
      <Block
        title={`Body, ${size} bytes, as they were signed`}
        text={raw.body}
        testId="webhook-body"
        isWrapped
      />
    </>
  )
}

/** The entries that this event left in the ledger. */
function Entries({ event }: { event: LifeEvent }) {
  const { data } = useQuery({ queryKey: keys.entries, queryFn: studio.entries })
  const hold = holdOf(event.facts)
  const order = event.node === 'balance' ? 'any' : null
  const entries = (data ?? []).filter((entry) =>
    order === null ? entry.hold === hold && hold !== null : entry.order !== null,
  )
  if (entries.length === 0) return null
  return (
    <div>
      <p className="edge mb-1.5">Entries in the ledger</p>
      <ul
        className="divide-y divide-line rounded-lg border border-line font-mono text-xs"
        data-testid="entries"
      >
        {entries.map((entry) => (
          <li key={entryKey(entry)} className="flex flex-wrap justify-between gap-x-3 px-3 py-1.5">
            <span>
              {entry.from} → {entry.to}
            </span>
            <span className="figures">
              {entry.credits} of {entry.lot_name}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function entryKey(entry: Entry): string {
  return [entry.transaction, entry.lot, entry.from, entry.to, entry.credits].join(' ')
}

/** A hold is a fact by its id, a receipt names it. */
function holdOf(facts: unknown): string | null {
  if (typeof facts !== 'object' || facts === null) return null
  if ('hold' in facts && typeof facts.hold === 'string') return facts.hold
  return 'id' in facts && typeof facts.id === 'string' ? facts.id : null
}

function Block({
  title,
  text,
  testId,
  isWrapped = false,
}: {
  title: string
  text: string
  testId: string
  isWrapped?: boolean
}) {
  return (
    <figure>
      <figcaption className="edge mb-1.5 normal-case">{title}</figcaption>
      <pre
        data-testid={testId}
        // A box that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className={`max-h-72 overflow-auto rounded-lg border border-line bg-ground p-3 font-mono text-xs leading-relaxed ${isWrapped ? 'break-all whitespace-pre-wrap' : ''}`}
      >
        {text}
      </pre>
    </figure>
  )
}
