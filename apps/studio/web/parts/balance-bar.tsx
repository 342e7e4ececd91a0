import type { Me, Prices } from '../../shared/api.ts'
import { balanceSentence, isLow, leftInPictures } from '../sentences.ts'

interface Props {
  me: Me | undefined
  prices: Prices | undefined
  onTopUp: () => void
}

/** Top right: what there is to spend and where it came from; amber, and in pictures, when it runs low. */
export function BalanceBar({ me, prices, onTopUp }: Props) {
  if (me === undefined) return <span className="edge breathe">counting credits…</span>
  const low = isLow(me.balance.spendable)
  const { amount, source } = balanceSentence(me.balance)
  return (
    <div
      data-testid="balance"
      data-low={low}
      className={`flex items-center justify-between gap-3 rounded-full border py-1 pr-1 pl-4 ${low ? 'border-amber bg-amber-ground text-amber' : 'border-line bg-panel'}`}
    >
      <p className="figures text-sm leading-tight" aria-live="polite">
        <span className="font-semibold">{amount}</span>
        {low || source === '' ? null : <span className="text-soft"> · {source}</span>}
        {low && prices !== undefined ? (
          <span className="block text-xs">
            {leftInPictures(me.balance.spendable, prices).replace(/^[^:]*: /, '')}
          </span>
        ) : null}
      </p>
      <button
        type="button"
        className={`button button-small rounded-full ${low ? 'button-strong' : ''}`}
        onClick={onTopUp}
      >
        Top up
      </button>
    </div>
  )
}
