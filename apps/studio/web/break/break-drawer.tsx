import { useMutation } from '@tanstack/react-query'
import { readable } from '../../shared/amounts.ts'
import type { Experiment, ExperimentReport } from '../../shared/api.ts'
import { read } from '../api.ts'
import { Sheet } from '../parts/sheet.tsx'

const experiments: { name: Experiment; title: string; about: string }[] = [
  {
    name: 'fire',
    title: 'Fire 50 calls at once',
    about:
      'A customer made for this has credits for ten. Fifty calls ask for them in the same moment. Yours stay yours.',
  },
  {
    name: 'replay',
    title: 'Send the webhook 5 times',
    about: 'The last signed message about your payment, the same bytes, five times in parallel.',
  },
  {
    name: 'forge',
    title: 'Forge the webhook',
    about:
      'Four messages: signed with a wrong secret, the body changed, the body only written anew, and a true one signed ten minutes ago.',
  },
  {
    name: 'fail',
    title: 'Make the model fail',
    about: 'Credits are held, the model gives up half-way. Watch the easel.',
  },
  {
    name: 'kill',
    title: 'Kill the server now',
    about: 'SIGKILL to the credits server. Whoever started it starts it again.',
  },
]

type OnExperiment = (experiment: Experiment, isRunning: boolean) => void

export default function BreakDrawer({
  isOpen,
  onOpenChange,
  onExperiment,
}: {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  onExperiment: OnExperiment
}) {
  return (
    <Sheet
      kind="drawer"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Try to break it"
      description="Every attempt ends with the whole ledger added up."
    >
      <ol className="flex flex-col gap-3">
        {experiments.map((experiment) => (
          <Attempt key={experiment.name} {...experiment} onExperiment={onExperiment} />
        ))}
      </ol>
    </Sheet>
  )
}

function Attempt({
  name,
  title,
  about,
  onExperiment,
}: (typeof experiments)[number] & { onExperiment: OnExperiment }) {
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => read<ExperimentReport>(`/api/break/${name}`, { method: 'POST' }),
    onMutate: () => onExperiment(name, true),
    onSettled: () => onExperiment(name, false),
  })
  return (
    <li className="rounded-xl border border-line bg-raised p-4" data-testid={`break-${name}`}>
      <div className="flex flex-wrap items-start gap-3">
        <p className="min-w-52 flex-1 text-sm text-soft">{about}</p>
        <button type="button" className="button button-small" disabled={isPending} onClick={() => mutate()}>
          {isPending ? (
            <span className="breathe size-2 rounded-full bg-safelight" aria-hidden="true" />
          ) : null}
          {title}
        </button>
      </div>
      <div aria-live="polite">
        {error === null ? null : <p className="mt-3 text-sm text-amber">{error.message}</p>}
        {data === undefined ? null : <Report report={data} />}
      </div>
    </li>
  )
}

function Report({ report }: { report: ExperimentReport }) {
  const { verification } = report
  return (
    <div
      className="rise mt-3 border-t border-line pt-3 text-sm"
      data-testid={`report-${report.experiment}`}
      data-passed={report.passed}
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
        <dt className="edge pt-0.5">Expected</dt>
        <dd>{report.expected}</dd>
        <dt className="edge pt-0.5">Happened</dt>
        <dd className={report.passed ? 'font-semibold text-good' : 'font-semibold text-amber'}>
          {report.happened}
        </dd>
      </dl>
      {report.details.map((detail) => (
        <p key={detail} className="mt-1 text-xs break-words text-faint">
          {detail}
        </p>
      ))}
      {verification === null ? null : (
        <p
          className={`mt-2 font-mono text-xs ${verification.differences === 0 ? 'text-good' : 'text-amber'}`}
        >
          {verification.differences === 0
            ? `Ledger balances: ${readable(String(verification.entries))} entries checked`
            : `Ledger does not balance: ${verification.differences} differences in ${readable(String(verification.entries))} entries`}
        </p>
      )}
    </div>
  )
}
