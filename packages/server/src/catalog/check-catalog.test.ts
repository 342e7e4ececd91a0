import { describe, expect, test } from 'vitest'
import { creditsFromDecimal } from '../kernel/credits.ts'
import { smallestPackFor } from './catalog.ts'
import { CatalogError, checkCatalog } from './check-catalog.ts'
import { chosen, defineCatalog, eur, money, pack, usd } from './define-catalog.ts'
import { priceSpending } from './price-spending.ts'

const usual = defineCatalog({
  units: { credits: { name: 'Credits' }, 'image-credits': {} },
  actions: {
    'image.standard': { credits: 1, name: 'Enlarge 2×' },
    'image.hires': { credits: '5' },
    token: { credits: '0.000001' },
    poster: { credits: 2, unit: 'image-credits' },
  },
  packs: {
    power: pack({ credits: 500, price: usd(40) }),
    starter: pack({ name: 'Starter', credits: 100, price: usd('9.99'), dodoProduct: 'pdt_123' }),
    yen: pack({ credits: 100, price: money(1500, 'JPY'), unit: 'image-credits' }),
  },
  welcome: { credits: 50 },
})

function problemsOf(definition: unknown): string[] {
  try {
    checkCatalog(definition, 'tallystick.config.ts')
    return []
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error
    return error.problems.map(({ path, message }) => `${path} ${message}`)
  }
}

function credits(text: string) {
  return creditsFromDecimal(text)!
}

describe('a catalog that is right', () => {
  const catalog = checkCatalog(usual)

  test('is read with exact amounts, the first unit, and names made from ids', () => {
    expect(catalog.actionsById.get('image.hires')).toEqual({
      id: 'image.hires',
      name: 'Image hires',
      unit: 'credits',
      credits: 5_000_000n,
    })
    expect(catalog.packsById.get('starter')).toMatchObject({
      price: { amountMinor: 999n, currency: 'USD' },
      dodoProduct: 'pdt_123',
    })
    expect(catalog.packsById.get('yen')).toMatchObject({
      unit: 'image-credits',
      price: { amountMinor: 1500n, currency: 'JPY' },
    })
    expect(catalog.unitsById.get('image-credits')?.name).toBe('Image credits')
    expect(catalog.welcome).toEqual({ name: 'Welcome gift', unit: 'credits', credits: 50_000_000n })
  })

  test('has the hash of its content: the same for the same, another for any change', () => {
    expect(catalog.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(checkCatalog(structuredClone(usual)).hash).toBe(catalog.hash)
    expect(checkCatalog({ ...usual, welcome: { credits: 51 } }).hash).not.toBe(catalog.hash)
    expect(checkCatalog({ ...usual, welcome: { credits: '50.0' } }).hash).toBe(catalog.hash)
  })

  test('offers the smallest pack that covers what is missing, of the same unit, or none', () => {
    expect(smallestPackFor(catalog, 'credits', credits('2'))?.id).toBe('starter')
    expect(smallestPackFor(catalog, 'credits', credits('100'))?.id).toBe('starter')
    expect(smallestPackFor(catalog, 'credits', credits('100.000001'))?.id).toBe('power')
    expect(smallestPackFor(catalog, 'credits', credits('501'))).toBeUndefined()
    expect(smallestPackFor(catalog, 'image-credits', credits('1'))?.id).toBe('yen')
  })

  test('of packs with a chosen amount says what a cent brings, and keeps the hashes of catalogs without', () => {
    const any = { per: usd(1), min: usd(5), max: usd(500) }
    const open = checkCatalog({ ...usual, packs: { ...usual.packs, any: { credits: 10, price: any } } })
    expect(open.packsById.get('any')).toMatchObject({
      credits: 50_000_000n,
      price: { amountMinor: 500n, currency: 'USD' },
      chosen: { maxMinor: 50_000n, creditsPerMinor: 100_000n },
    })
    expect(open.body).toMatchObject({
      packs: [{}, {}, {}, { chosen: { max_minor: '50000', credits_per_minor: '0.1' } }],
    })
    expect(JSON.stringify(catalog.body)).not.toContain('chosen')
  })

  test('says what follows when money goes back, and keeps its hash where that is the usual', () => {
    expect(catalog).toMatchObject({ refunds: { spent: 'owe' }, disputes: { spent: 'owe', block: true } })
    const said = { refunds: { spent: 'owe' as const }, disputes: { spent: 'owe' as const, block: true } }
    expect(checkCatalog({ ...usual, ...said }).hash).toBe(catalog.hash)
    expect(checkCatalog({ ...usual, refunds: {}, disputes: {} }).hash).toBe(catalog.hash)
    const lenient = checkCatalog({ ...usual, refunds: { spent: 'forgive' }, disputes: { block: false } })
    expect(lenient).toMatchObject({
      refunds: { spent: 'forgive' },
      disputes: { spent: 'owe', block: false },
      body: { refunds: { spent: 'forgive' }, disputes: { spent: 'owe', block: false } },
    })
    expect(lenient.hash).not.toBe(catalog.hash)
    expect(checkCatalog({ ...usual, disputes: { spent: 'forgive' } }).disputes).toEqual({
      spent: 'forgive',
      block: true,
    })
  })

  test('offers the least chosen amount that covers what is missing, where no fixed price does', () => {
    const any = pack({ credits: 10, price: chosen({ per: usd(1), min: usd(5), max: usd(500) }) })
    const open = checkCatalog({ ...usual, packs: { ...usual.packs, any } })
    expect(smallestPackFor(open, 'credits', credits('500'))?.id).toBe('power')
    expect(smallestPackFor(open, 'credits', credits('500.01'))).toMatchObject({
      id: 'any',
      credits: 500_100_000n,
      price: { amountMinor: 5001n, currency: 'USD' },
    })
    expect(smallestPackFor(open, 'credits', credits('5000'))?.id).toBe('any')
    expect(smallestPackFor(open, 'credits', credits('5000.000001'))).toBeUndefined()
    const alone = checkCatalog({ ...usual, packs: { any } })
    expect(smallestPackFor(alone, 'credits', credits('1'))).toMatchObject({ price: { amountMinor: 500n } })
  })

  test('prices an action times its quantity, exactly', () => {
    expect(priceSpending(catalog, { action: 'token', quantity: 3 })).toEqual({
      unit: 'credits',
      credits: 3n,
      action: 'token',
    })
    expect(priceSpending(catalog, { action: 'poster', quantity: undefined })).toMatchObject({
      unit: 'image-credits',
      credits: 2_000_000n,
    })
    expect(() => priceSpending(catalog, { action: 'image.hirez', quantity: 1 })).toThrow(
      'The catalog has no action image.hirez. Known ones: image.standard, image.hires, token, poster.',
    )
    expect(() => priceSpending(catalog, { action: 'image.hires', quantity: 2 ** 50 })).toThrow('at most')
    expect(() => priceSpending(catalog, { credits: credits('0'), unit: undefined })).toThrow('above zero')
    expect(() => priceSpending(catalog, { credits: credits('1'), unit: 'gems' })).toThrow('no unit gems')
  })
})

describe('a catalog that is wrong', () => {
  test('is refused with all its problems at once, each with its path, the file and what to write', () => {
    const wrong = {
      units: { credits: {} },
      actions: { chat: { credits: 0.5 }, 'chat mini': { credits: 1 }, image: { credits: 0, unit: 'gems' } },
      packs: {
        power: { credits: -1, price: usd(9.99) },
        pro: { credits: '1,500', price: 100 },
        free: { credits: 1, price: usd(0) },
        fine: { credits: 1, price: usd('1.999') },
        odd: { price: { amount: 1, currency: 'usd' }, dodoProduct: 'prod_1' },
        both: { credits: 1, price: usd(1), grantOn: 'both' },
      },
      welcome: { credit: 50 },
      plans: {},
      mirror: 'yes',
    }
    expect(problemsOf(wrong)).toEqual([
      'plans is not a known field; remove it or correct its name. Known here: units, actions, packs, welcome, mirror, refunds, disputes.',
      "actions.chat.credits is the fraction 0.5, and a number with a fraction is not exact; write it as text: '0.5'.",
      'actions.chat mini has a name that is not allowed; use at most 100 letters, digits, dots, dashes and underscores.',
      "actions.image.credits is 0; write a number above zero: a whole number (5), or a decimal as text with at most six decimals ('0.5').",
      "actions.image.unit is 'gems', which is no unit of this catalog; write one of credits, or add it to units.",
      "packs.power.credits is -1; write a number above zero: a whole number (5), or a decimal as text with at most six decimals ('0.5').",
      "packs.power.price has the fraction 9.99, and a number with a fraction is not exact; write it as text: usd('9.99').",
      "packs.pro.credits is '1,500'; write a number above zero: a whole number (5), or a decimal as text with at most six decimals ('0.5').",
      "packs.pro.price is 100; write a price above zero: usd(10), usd('9.99'), eur(10), or money(999, 'USD').",
      "packs.free.price is 0 USD; write a price above zero: usd(10), usd('9.99'), eur(10), or money(999, 'USD').",
      "packs.fine.price is '1.999' USD; write a price above zero: usd(10), usd('9.99'), eur(10), or money(999, 'USD').",
      "packs.odd.credits is missing; write how many: credits: 5, or credits: '0.5'.",
      "packs.odd.price has the currency 'usd'; write three capital letters, as in 'USD'.",
      "packs.odd.dodoProduct is 'prod_1'; write a product's id from your Dodo dashboard, such as 'pdt_…', or leave it out to have a product made.",
      "packs.both.grantOn is 'both'; write 'payment' or 'entitlement', or leave it out: then it is 'payment'.",
      'welcome.credit is not a known field; remove it or correct its name. Known here: name, credits, unit.',
      "welcome.credits is missing; write how many: credits: 5, or credits: '0.5'.",
      "mirror is 'yes'; write true or false, or leave it out: then it is false.",
    ])
    expect(() => checkCatalog(wrong, 'tallystick.config.ts')).toThrow(
      'The catalog in tallystick.config.ts has 18 problems:\n  plans is not',
    )
  })

  test.each([
    [undefined, ' is missing; write export default defineCatalog({ units, actions, packs }).'],
    [
      { units: {}, actions: {} },
      "units is empty; write at least one: units: { credits: { name: 'Credits' } }.",
    ],
    [{ units: [], actions: {} }, 'units is an array; write an object with a name for each: units: { … }.'],
  ])('of the shape %j is told what to write', (definition, problem) => {
    expect(problemsOf(definition)).toEqual([problem])
  })
})

// Compiled and never run: what the compiler must refuse.
export function _namesAreKnownToTheCompiler() {
  defineCatalog({
    units: { credits: {} },
    // @ts-expect-error gems is no unit
    actions: { chat: { credits: 1, unit: 'gems' } },
  })
  defineCatalog({
    units: { credits: {} },
    // @ts-expect-error the field is named credits
    actions: { chat: { credit: 1 } },
  })
  const action: keyof typeof usual.actions = 'image.hires'
  // @ts-expect-error no such action
  const misspelt: keyof typeof usual.actions = 'image.hirez'
  return [action, misspelt]
}

describe('a chosen price that makes no sense is named', () => {
  const problemsWith = (price: unknown, written: number | string = 10) =>
    problemsOf({ ...usual, packs: { any: { credits: written, price } } })

  test.each([
    [{ per: usd(1), min: usd(5) }, 'packs.any.price.max is missing'],
    [{ per: usd(1), min: usd(0), max: usd(5) }, 'packs.any.price.min is 0 USD; write a price above zero'],
    [{ per: usd(1), min: usd(5), max: usd(4) }, 'packs.any.price.max is 4.00 USD, less than min'],
    [{ per: eur(1), min: usd(5), max: usd(6) }, 'packs.any.price has amounts in EUR, USD and USD'],
    [{ per: usd(1), min: usd(5), max: usd(6), step: 1 }, 'packs.any.price.step is not a known field'],
  ])('%j', (price, problem) => {
    expect(problemsWith(price)).toEqual([expect.stringContaining(problem)])
  })

  test('credits that a cent has no exact share of', () => {
    expect(problemsWith({ per: usd(3), min: usd(5), max: usd(6) }, 1)).toEqual([
      expect.stringContaining('packs.any.credits cannot be divided exactly over 3.00 USD'),
    ])
    expect(problemsWith({ per: usd(3), min: usd(5), max: usd(6) }, 3)).toEqual([])
  })

  test('more credits than there are', () => {
    expect(problemsWith({ per: usd(1), min: usd(5), max: usd(1_000_000) }, 1_000_001)).toEqual([
      expect.stringContaining('packs.any.price.max brings more than a trillion credits'),
    ])
  })
})

test('of what follows when money goes back, each mistake is told with what to write', () => {
  expect(
    problemsOf({ ...usual, refunds: { spent: 'no' }, disputes: { block: 'yes', blocks: true } }),
  ).toEqual([
    'disputes.blocks is not a known field; remove it or correct its name. Known here: spent, block.',
    "refunds.spent is 'no'; write 'owe' or 'forgive', or leave it out: then it is 'owe'.",
    "disputes.block is 'yes'; write true or false, or leave it out: then it is true.",
  ])
  expect(problemsOf({ ...usual, refunds: 'forgive' })).toEqual(["refunds is 'forgive'; write { spent }."])
})
