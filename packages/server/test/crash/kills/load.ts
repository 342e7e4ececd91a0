import type { Acknowledged, Kind } from '../check-books.ts'
import type { Random } from '../random.ts'

/** Something to ask of the server, written down before it is sent. */
export interface Intent {
  readonly key: string
  readonly kind: Kind
  readonly customer: string
  readonly path: string
  readonly body: object
}

/** What the server answers with success; each kind has some of it. */
export interface Answer {
  readonly id?: string
  readonly credits?: string
  readonly captured?: string
  readonly lot?: { readonly granted: string }
}

interface Open {
  readonly customer: string
  readonly id: string
}

// Few enough that batches share wallets, and one of them is hot.
const customersMax = 60
const hotOneIn = 4

/** A day: none lapses by itself meanwhile. */
const holdSeconds = 86_400

/** Customers who get, spend, hold, capture, release and are refunded, by chance. */
export class Load {
  readonly #random: Random
  readonly #newKey: () => string
  #customers = 0
  readonly #holds: Open[] = []
  readonly #charges: Open[] = []

  constructor(random: Random, newKey: () => string) {
    this.#random = random
    this.#newKey = newKey
  }

  next(): Intent {
    if (this.#customers < customersMax) {
      this.#customers += 1
      return this.#grant(`customer_${this.#customers}`)
    }
    const customer = `customer_${this.#random.chance(hotOneIn) ? 1 : 1 + this.#random.below(customersMax)}`
    const draw = this.#random.below(100)
    if (draw < 8) return this.#grant(customer)
    if (draw < 30) return this.#spend('hold', customer)
    if (draw < 45) return this.#end('capture') ?? this.#spend('charge', customer)
    if (draw < 52) return this.#end('release') ?? this.#spend('charge', customer)
    if (draw < 65) return this.#refund() ?? this.#spend('charge', customer)
    return this.#spend('charge', customer)
  }

  /** Takes note of a success: what it made can be ended or refunded later. */
  learn({ key, kind, customer }: Intent, answer: Answer): Acknowledged {
    if (kind === 'hold') this.#holds.push({ customer, id: answer.id ?? '' })
    if (kind === 'charge') this.#charges.push({ customer, id: answer.id ?? '' })
    const said = microsOf(answer.lot?.granted ?? answer.credits)
    const captured = microsOf(answer.captured)
    const moved = kind === 'capture' ? captured : said
    return { key, kind, customer, moved, ...changeBy(kind, said, captured) }
  }

  #grant(customer: string): Intent {
    const credits = 40 + this.#random.below(40)
    return this.#intent('grant', customer, '/v1/grants', { customer, credits, source: 'gift', name: 'Load' })
  }

  #spend(kind: 'charge' | 'hold', customer: string): Intent {
    const credits = `${1 + this.#random.below(4)}.${this.#random.below(10)}`
    return kind === 'charge'
      ? this.#intent(kind, customer, '/v1/charges', { customer, credits })
      : this.#intent(kind, customer, '/v1/holds', { customer, credits, expires_in_seconds: holdSeconds })
  }

  #end(kind: 'capture' | 'release'): Intent | undefined {
    const hold = this.#take(this.#holds)
    if (hold === undefined) return undefined
    const body = kind === 'capture' && this.#random.chance(2) ? { credits: '0.7' } : {}
    return this.#intent(kind, hold.customer, `/v1/holds/${hold.id}/${kind}`, body)
  }

  #refund(): Intent | undefined {
    const charge = this.#take(this.#charges)
    if (charge === undefined) return undefined
    const body = this.#random.chance(2) ? { credits: '0.3' } : {}
    return this.#intent('refund', charge.customer, `/v1/charges/${charge.id}/refund`, body)
  }

  #take(open: Open[]): Open | undefined {
    return open.length === 0 ? undefined : open.splice(this.#random.below(open.length), 1)[0]
  }

  #intent(kind: Kind, customer: string, path: string, body: object): Intent {
    return { key: this.#newKey(), kind, customer, path, body }
  }
}

function changeBy(kind: Kind, said: number, captured: number): Pick<Acknowledged, 'available' | 'held'> {
  switch (kind) {
    case 'grant':
    case 'refund':
      return { available: said, held: 0 }
    case 'charge':
      return { available: -said, held: 0 }
    case 'hold':
      return { available: -said, held: said }
    case 'capture':
      return { available: said - captured, held: -said }
    case 'release':
      return { available: said, held: -said }
  }
}

function microsOf(decimal: string | undefined): number {
  const millionths = 1_000_000
  return Math.round(Number(decimal ?? 0) * millionths)
}
