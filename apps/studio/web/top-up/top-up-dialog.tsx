import { creditsText, readable } from '../../shared/amounts.ts'
import type { Job, Order, Prices } from '../../shared/api.ts'
import { Sheet } from '../parts/sheet.tsx'
import { wallSentence } from '../sentences.ts'
import { offersOf, type PackOffer } from './packs.ts'
import { TestCards } from './test-cards.tsx'
import type { TopUp } from './use-top-up.ts'

interface Props {
  topUp: TopUp
  prices: Prices | undefined
  /** The picture that waits for credits, if one does. */
  waiting: Job | null
}

/** Choosing a pack, and afterwards waiting for its credits; the checkout itself lies over the page in between. */
export function TopUpDialog({ topUp, prices, waiting }: Props) {
  const { step, order } = topUp
  const wall = waiting?.wall ?? null
  const isConfirming = step === 'confirming'
  return (
    <Sheet
      kind="dialog"
      isWide={!isConfirming}
      isOpen={step === 'choosing' || step === 'starting' || isConfirming}
      onOpenChange={(isOpen) => {
        if (!isOpen) topUp.close()
      }}
      title={isConfirming ? 'Waiting for the payment to be confirmed' : 'Top up'}
      {...(!isConfirming && {
        description: wall === null ? 'Credits for more pictures.' : wallSentence(wall),
      })}
    >
      {isConfirming ? (
        <Confirming order={order} onBack={topUp.continueCheckout} />
      ) : (
        <>
          <ul className="grid gap-3 sm:grid-cols-3">
            {offersOf(prices?.packs ?? [], wall?.missing ?? null).map((offer) => (
              <li key={offer.pack} className="flex">
                <Pack
                  offer={offer}
                  isFit={offer.pack === (wall?.pack ?? null)}
                  isBusy={step === 'starting'}
                  onBuy={() => topUp.buy(offer.pack)}
                />
              </li>
            ))}
          </ul>
          <p className="edge mt-4 mb-4 text-center">Credits never expire · paid once, no subscription</p>
          {topUp.problem === null ? null : (
            <p
              role="alert"
              className="mb-4 rounded-lg border border-amber bg-amber-ground px-4 py-2 text-sm text-amber"
            >
              {topUp.problem}
            </p>
          )}
          {order?.state === 'open' && step === 'choosing' ? (
            <p className="mb-4 flex flex-wrap items-center gap-3 rounded-lg border border-line px-4 py-2 text-sm">
              <span className="flex-1">
                The checkout for {order.pack_name} is still open. Nothing was paid.
              </span>
              <button type="button" className="button button-small" onClick={topUp.continueCheckout}>
                Go on with it
              </button>
            </p>
          ) : null}
          {prices?.mode === 'test' ? <TestCards /> : null}
        </>
      )}
    </Sheet>
  )
}

/** A pack looks like what it is: a box of film. */
function Pack({
  offer,
  isFit,
  isBusy,
  onBuy,
}: {
  offer: PackOffer
  isFit: boolean
  isBusy: boolean
  onBuy: () => void
}) {
  const saving = offer.savePercent === 0 ? '' : `, save ${offer.savePercent} %`
  return (
    <div
      data-testid={`pack-${offer.pack}`}
      className={`flex w-full items-center gap-4 rounded-xl border bg-raised p-4 sm:flex-col sm:items-stretch sm:gap-0 ${isFit ? 'border-safelight' : 'border-line'}`}
    >
      <div className="flex-1">
        <p className="flex flex-wrap items-baseline justify-between gap-x-2">
          <span className="font-semibold">{offer.name}</span>
          {isFit ? <span className="text-xs font-semibold text-safelight">Enough for this</span> : null}
        </p>
        <p className="figures mt-1 flex items-baseline gap-2 sm:mt-2 sm:block">
          <span className="font-display text-3xl leading-none sm:block sm:text-4xl">
            {readable(offer.credits)}
          </span>
          <span className="text-sm text-soft">credits</span>
        </p>
        <p className="figures mt-1 text-sm text-soft sm:mt-2 sm:mb-4">
          {offer.eachText}
          {saving === '' ? null : <span className="font-semibold text-good">{saving}</span>}
        </p>
      </div>
      <button
        type="button"
        className="button button-strong w-24 sm:w-full"
        disabled={isBusy || !offer.covers}
        aria-label={`Buy ${offer.name}, ${creditsText(offer.credits)} for ${offer.priceText}`}
        onClick={onBuy}
      >
        {offer.priceText}
      </button>
    </div>
  )
}

function Confirming({ order, onBack }: { order: Order | null; onBack: () => void }) {
  return (
    <div data-testid="confirming" className="flex flex-col gap-4 pb-2">
      <p className="text-soft">
        The bank’s word comes by a signed message, not by this page. The credits are there as soon as it is,
        usually within a second or two. You may close this window: nothing gets lost.
      </p>
      <p className="flex items-center gap-3 font-mono text-sm">
        <span className="breathe size-2.5 rounded-full bg-safelight" aria-hidden="true" />
        {order === null
          ? 'Asking for the order…'
          : `${order.pack_name}, ${creditsText(order.credits)}: ${order.state}`}
      </p>
      {order?.failure ? <p className="text-sm text-amber">{order.failure.message}</p> : null}
      {order?.state === 'open' ? (
        <button type="button" className="button self-start" onClick={onBack}>
          Back to the checkout
        </button>
      ) : null}
    </div>
  )
}
