import { useQuery } from '@tanstack/react-query'
import { readable } from '../../shared/amounts.ts'
import type { HistoryLine } from '../../shared/api.ts'
import { studio } from '../api.ts'
import { Sheet } from '../parts/sheet.tsx'
import { moneyText } from '../top-up/packs.ts'
import { keys } from '../use-studio.ts'

/** What came in and what was spent, read from the ledger's entries. */
export function HistoryDialog({
  isOpen,
  onOpenChange,
}: {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
}) {
  const { data: lines, error } = useQuery({
    queryKey: keys.history,
    queryFn: studio.history,
    enabled: isOpen,
  })
  return (
    <Sheet
      kind="dialog"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="History"
      description="What came in, and what was spent."
    >
      {error === null ? null : <p role="alert">{error.message}</p>}
      <table className="w-full text-left" data-testid="history">
        <thead className="sr-only">
          <tr>
            <th scope="col">What</th>
            <th scope="col">Credits</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {lines?.map((line) => (
            <tr key={line.id}>
              <td className="py-2.5 pr-4">
                <span className="block font-medium">{line.title}</span>
                <span className="text-sm text-faint">
                  {noteOf(line)} · <time dateTime={line.at}>{timeText(line.at)}</time>
                </span>
              </td>
              <td className={`figures py-2.5 text-right font-mono ${isIncome(line) ? 'text-good' : ''}`}>
                {isIncome(line) ? '+' : '−'}
                {readable(line.credits)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines?.length === 0 ? <p className="text-soft">Nothing yet.</p> : null}
    </Sheet>
  )
}

function isIncome(line: HistoryLine): boolean {
  return line.kind === 'bought' || line.kind === 'given'
}

function noteOf(line: HistoryLine): string {
  switch (line.kind) {
    case 'bought':
      return line.price === null
        ? 'bought'
        : `bought for ${moneyText(line.price.amount_minor, line.price.currency)}`
    case 'given':
      return 'a gift'
    case 'spent':
      return `paid from ${line.lots.join(' and ')}`
    case 'expired':
      return 'expired'
    case 'revoked':
      return 'taken back'
  }
}

function timeText(at: string): string {
  return new Intl.DateTimeFormat('en', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(at))
}
