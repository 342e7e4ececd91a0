import { describe, expect, it } from 'vitest'
import { moneyText, offersOf } from './packs.ts'

const pack = (name: string, credits: string, amount_minor: number) => ({
  pack: name.toLowerCase(),
  name,
  unit: 'credits',
  credits,
  price: { amount_minor, currency: 'USD' },
  chosen_amount: null,
})
const packs = [pack('Pro', '1500', 10_000), pack('Starter', '100', 1000), pack('Power', '500', 4000)]

describe('pack offers', () => {
  it('go from small to large, with the price of a credit and what is saved', () => {
    const told = offersOf(packs, null).map(({ name, priceText, eachText, savePercent }) => [
      name,
      priceText,
      eachText,
      savePercent,
    ])
    expect(told).toEqual([
      ['Starter', '$10', '10 ¢ each', 0],
      ['Power', '$40', '8 ¢ each', 20],
      ['Pro', '$100', '6.7 ¢ each', 33],
    ])
  })

  it('never promise more saving than there is', () => {
    const [, larger] = offersOf([pack('One', '3', 300), pack('Two', '300', 19_801)], null)
    expect(larger?.savePercent).toBe(33)
    const [, hardly] = offersOf([pack('One', '100', 1000), pack('Two', '101', 1009)], null)
    expect(hardly?.savePercent).toBe(0)
  })

  it('say which of them cover what is missing', () => {
    expect(offersOf(packs, '120').map(({ covers }) => covers)).toEqual([false, true, true])
  })

  it('are none when nothing is sold', () => {
    expect(offersOf([], '5')).toEqual([])
  })
})

it('prices are written without empty cents', () => {
  expect(moneyText(1000, 'USD')).toBe('$10')
  expect(moneyText(1950, 'USD')).toBe('$19.50')
  expect(moneyText(500, 'JPY')).toBe('¥500')
})
