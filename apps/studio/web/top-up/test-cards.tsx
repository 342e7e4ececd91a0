import { CopyButton } from '../parts/copy-button.tsx'

const cards = [
  { number: '4242 4242 4242 4242', what: 'pays' },
  { number: '4000 0000 0000 0002', what: 'is declined' },
  { number: '4000 0000 0000 9995', what: 'has too little on it' },
]

/** Dodo's documented test cards; shown in test mode only. */
export function TestCards() {
  return (
    <section aria-label="Test cards" className="rounded-xl border border-dashed border-line-strong px-4 py-3">
      <p className="text-sm text-soft">
        Test mode: no real money moves. Expiry <span className="font-mono">06/32</span>, CVC{' '}
        <span className="font-mono">123</span>.
      </p>
      <ul className="mt-2 divide-y divide-line">
        {cards.map(({ number, what }) => (
          <li key={number} className="flex flex-wrap items-center gap-x-3 py-1.5">
            <span className="figures font-mono text-sm select-all">{number}</span>
            <span className="flex-1 text-sm text-soft">{what}</span>
            <CopyButton text={number.replaceAll(' ', '')} label={`Copy the card that ${what}`} />
          </li>
        ))}
      </ul>
    </section>
  )
}
