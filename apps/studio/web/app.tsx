import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useState } from 'react'
import { creditsText } from '../shared/amounts.ts'
import type { Experiment, Job, PictureAction } from '../shared/api.ts'
import { studio } from './api.ts'
import { Easel } from './easel/easel.tsx'
import { LightTable } from './easel/light-table.tsx'
import { pngOf, type Source, samples, sourceOfFile, sourceOfJob } from './easel/source.ts'
import { useIncomingFiles } from './easel/use-incoming-files.ts'
import { usePicked } from './easel/use-picked.ts'
import { HistoryDialog } from './history/history-dialog.tsx'
import { BalanceBar } from './parts/balance-bar.tsx'
import { Header } from './parts/header.tsx'
import { progressSentence } from './sentences.ts'
import { ContactSheet } from './shelf/contact-sheet.tsx'
import { CheckoutOverlay } from './top-up/checkout-overlay.tsx'
import { TopUpDialog } from './top-up/top-up-dialog.tsx'
import { useTopUp } from './top-up/use-top-up.ts'
import { keys, useJobs, useMe, usePrices, useStudioEvents, withJob } from './use-studio.ts'

const HoodDrawer = lazy(() => import('./hood/hood-drawer.tsx'))
// A constant of the build: for production the condition is false, and the drawer's file is not made at all.
const BreakDrawer = __CAN_BREAK__ ? lazy(() => import('./break/break-drawer.tsx')) : null

const firstSample = samples[0] as Source
const none: readonly Job[] = []

type Sheet = 'history' | 'hood' | 'break' | null

export function App() {
  const queries = useQueryClient()
  const { isServerReachable } = useStudioEvents()
  const { data: me } = useMe()
  const { data: prices } = usePrices()
  const { data: known } = useJobs()
  const jobs = known ?? none
  const topUp = useTopUp()
  const { picked, jobId, setPicked } = usePicked(known)
  const [isStarting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [sheet, setSheet] = useState<Sheet>(null)

  const job = jobs.find((candidate) => candidate.id === jobId) ?? null
  const source = picked?.source ?? (job === null ? firstSample : sourceOfJob(job))
  const waiting = job?.state === 'waiting' ? job : (jobs.find(({ state }) => state === 'waiting') ?? null)

  const openTopUp = topUp.open
  useWall(known === undefined ? undefined : job, openTopUp)
  const onExperiment = useFailingPicture(jobs, (started) =>
    setPicked({ source: sourceOfJob(started), jobId: started.id }),
  )

  async function take(file: File) {
    setProblem(null)
    try {
      setPicked({ source: await sourceOfFile(file, file.name || 'Picture'), jobId: null })
    } catch (error) {
      setProblem(messageOf(error))
    }
  }

  async function enlarge(action: PictureAction) {
    setStarting(true)
    setProblem(null)
    try {
      const started = await studio.startJob({ action, name: source.name, png: await pngOf(source) })
      queries.setQueryData<Job[]>(keys.jobs, (known = []) =>
        known.some(({ id }) => id === started.id) ? known : withJob(known, started),
      )
      setPicked({ source, jobId: started.id })
    } catch (error) {
      setProblem(`${messageOf(error)} You were charged nothing.`)
    } finally {
      setStarting(false)
    }
  }

  const isOver = useIncomingFiles((file) => void take(file))

  const easel = useRef<HTMLElement>(null)
  /** On a phone the light table lies below the easel: what is chosen there should be seen. */
  function pick(next: { source: Source; jobId: string | null }) {
    setPicked(next)
    setProblem(null)
    easel.current?.scrollIntoView({ block: 'nearest' })
  }
  const lightTable = (
    <>
      <LightTable
        chosen={source}
        onSample={(sample) => pick({ source: sample, jobId: null })}
        onFile={(file) => void take(file)}
      />
      <ContactSheet
        jobs={jobs}
        chosen={job?.id ?? null}
        onChoose={(chosen) => pick({ source: sourceOfJob(chosen), jobId: chosen.id })}
      />
    </>
  )
  const drawer = sheet === 'hood' || sheet === 'break'
  return (
    <div
      className={`mx-auto flex min-h-dvh max-w-[80rem] flex-col px-4 sm:px-8 ${drawer ? 'xl:mr-[34rem] xl:max-w-none' : ''}`}
    >
      <Header
        canBreak={BreakDrawer !== null && me?.dev === true}
        onHistory={() => setSheet('history')}
        onHood={() => setSheet('hood')}
        onBreak={() => setSheet('break')}
      >
        <BalanceBar me={me} prices={prices} onTopUp={openTopUp} />
      </Header>

      {isServerReachable ? null : (
        <output
          data-testid="server-away"
          className="rise mb-2 block rounded-lg border border-amber bg-amber-ground px-4 py-2 text-sm text-amber"
        >
          The credits server is away for a moment. What you asked for waits, and nothing gets lost.
        </output>
      )}

      <main
        className={`grid flex-1 grid-cols-[minmax(0,1fr)] items-start gap-x-12 gap-y-6 pb-6 ${drawer ? '' : 'lg:grid-cols-[19rem_minmax(0,1fr)]'}`}
      >
        <div className={drawer ? '' : 'flex flex-col gap-6 lg:sticky lg:top-6 lg:pt-6'}>
          <Heading isSmall={drawer} />
          {drawer ? null : <div className="hidden flex-col gap-6 lg:flex">{lightTable}</div>}
        </div>
        <Easel
          place={easel}
          source={source}
          job={job}
          prices={prices}
          isStarting={isStarting}
          isOver={isOver}
          problem={problem}
          onEnlarge={(action) => void enlarge(action)}
          onStop={() => {
            if (job !== null) studio.removeJob(job.id).catch((error: unknown) => setProblem(messageOf(error)))
          }}
          onTopUp={openTopUp}
          onRetry={() => {
            if (job !== null) void enlarge(job.action)
          }}
          onDismiss={() => {
            if (job === null) return
            setPicked({
              source: { ...source, url: source.url.startsWith('/api/') ? firstSample.url : source.url },
              jobId: null,
            })
            studio.removeJob(job.id).catch((error: unknown) => setProblem(messageOf(error)))
          }}
        />
        <div className={`flex flex-col gap-6 ${drawer ? '' : 'lg:hidden'}`}>{lightTable}</div>
      </main>

      <footer className="flex flex-col gap-4 pb-6">
        <p className="edge text-center normal-case">
          Every picture is paid for in credits by Tallystick: held before, taken after, given back when it
          fails.
        </p>
      </footer>

      <output aria-live="polite" className="sr-only" data-testid="announcement">
        {topUp.credited === null ? '' : `${creditsText(topUp.credited.credits)} added. `}
        {job === null ? '' : progressSentence(job)}
      </output>

      <TopUpDialog topUp={topUp} prices={prices} waiting={waiting} />
      {topUp.step === 'paying' && topUp.order?.checkout_url ? (
        <CheckoutOverlay
          checkoutUrl={topUp.order.checkout_url}
          mode={topUp.order.mode}
          onMessage={topUp.onMessage}
        />
      ) : null}
      <HistoryDialog
        isOpen={sheet === 'history'}
        onOpenChange={(isOpen) => setSheet(isOpen ? 'history' : null)}
      />
      <Suspense>
        <HoodDrawer isOpen={sheet === 'hood'} onOpenChange={(isOpen) => setSheet(isOpen ? 'hood' : null)} />
        {BreakDrawer === null ? null : (
          <BreakDrawer
            isOpen={sheet === 'break'}
            onOpenChange={(isOpen) => setSheet(isOpen ? 'break' : null)}
            onExperiment={onExperiment}
          />
        )}
      </Suspense>
    </div>
  )
}

function Heading({ isSmall }: { isSmall: boolean }) {
  return (
    <h1
      className={`font-display leading-[1.14] tracking-tight ${isSmall ? 'text-2xl' : 'text-4xl sm:text-[2.35rem]'}`}
    >
      Small pictures in, <span className={`text-safelight ${isSmall ? '' : 'block'}`}>big ones out.</span>{' '}
      <span className={`text-soft ${isSmall ? '' : 'mt-1.5 block text-2xl'}`}>Runs on this machine.</span>
    </h1>
  )
}

/** At the wall the dialog opens by itself, once for each time the wall is met. */
function useWall(job: Job | null | undefined, open: () => void) {
  const wasWaiting = useRef<string | null>(null)
  const wasThere = useRef(false)
  const id = job?.id ?? null
  const isKnown = job !== undefined
  const isWaiting = job?.state === 'waiting'
  useEffect(() => {
    if (!isKnown) return
    // A page that loads onto a waiting picture shows the wall, but does not jump at its visitor.
    if (isWaiting && wasThere.current && wasWaiting.current !== id) open()
    wasWaiting.current = isWaiting ? id : null
    wasThere.current = true
  }, [isKnown, id, isWaiting, open])
}

/**
 * The picture of the experiment "Make the model fail" comes onto the easel of the page that asked for it. The server
 * answers when it has failed; the page knows it before that by what it is, and by its not having been there.
 *
 * @returns what is to be told of an experiment that starts or has ended
 */
function useFailingPicture(jobs: readonly Job[], show: (job: Job) => void) {
  const before = useRef<ReadonlySet<string> | null>(null)
  const showIt = useEffectEvent(show)
  useEffect(() => {
    const known = before.current
    if (known === null) return
    const failing = jobs.find(
      ({ id, action, name }) => !known.has(id) && action === 'image.standard' && name === 'Lake',
    )
    if (failing === undefined) return
    before.current = null
    showIt(failing)
  }, [jobs])
  return (experiment: Experiment, isRunning: boolean) => {
    if (experiment === 'fail') before.current = isRunning ? new Set(jobs.map(({ id }) => id)) : null
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
