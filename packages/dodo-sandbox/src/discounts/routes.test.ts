import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { makePack, openShop } from '../../test/shop.ts'

const dayMs = 86_400_000

test('a discount comes back as it was made, by its id and by its code, until it is deleted', async () => {
  const { client } = await openShop()
  const pack = await makePack(client)
  const made = await client.discounts.create({
    type: 'percentage',
    amount: 540,
    code: 'spring',
    name: 'Spring',
    restricted_to: [pack],
    usage_limit: 10,
    per_customer_usage_limit: 1,
    metadata: { campaign: 'mail' },
  })
  expect(made).toMatchObject({
    code: 'SPRING',
    type: 'percentage',
    amount: 540,
    name: 'Spring',
    restricted_to: [pack],
    times_used: 0,
    usage_limit: 10,
    per_customer_usage_limit: 1,
    customer_eligibility: 'any',
    preserve_on_plan_change: false,
    currency_options: [],
    metadata: { campaign: 'mail' },
    expires_at: null,
    starts_at: null,
  })
  expect(made.discount_id).toMatch(/^dsc_\w{21}$/)
  expect(await client.discounts.retrieve(made.discount_id)).toEqual(made)
  expect(await client.discounts.retrieveByCode('Spring')).toEqual(made)
  await client.discounts.delete(made.discount_id)
  for (const gone of [
    () => client.discounts.retrieve(made.discount_id),
    () => client.discounts.retrieveByCode('SPRING'),
    () => client.discounts.delete(made.discount_id),
    () => client.discounts.update(made.discount_id, { amount: 1 }),
  ])
    await expect(gone()).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  expect((await client.discounts.create({ type: 'percentage', amount: 1, code: 'SPRING' })).code).toBe(
    'SPRING',
  )
})

test('a code that is left out is made', async () => {
  const { client } = await openShop()
  const one = await client.discounts.create({ type: 'percentage', amount: 1 })
  const two = await client.discounts.create({ type: 'percentage', amount: 1, code: '' })
  for (const { code } of [one, two]) expect(code).toMatch(/^[A-Z0-9]{16}$/)
  expect(one.code).not.toBe(two.code)
})

test('an update changes what it names, and null lifts limits and dates', async () => {
  const { client } = await openShop()
  const made = await client.discounts.create({
    type: 'flat',
    amount: 500,
    usage_limit: 3,
    per_customer_usage_limit: 1,
    expires_at: '2999-01-01T00:00:00Z',
    currency_options: [{ currency: 'USD', max_amount_possible: 500 }],
  })
  expect(made.currency_options).toEqual([
    { currency: 'USD', is_default: true, minimum_subtotal: 0, max_amount_possible: 500 },
  ])
  const changed = await client.discounts.update(made.discount_id, {
    name: 'Later',
    usage_limit: null,
    per_customer_usage_limit: null,
    expires_at: null,
  })
  expect(changed).toEqual({
    ...made,
    name: 'Later',
    usage_limit: null,
    per_customer_usage_limit: null,
    expires_at: null,
  })
  expect(await client.discounts.retrieve(made.discount_id)).toEqual(changed)
})

test('what is no discount is refused with the code that Dodo documents', async () => {
  const { client } = await openShop()
  await client.discounts.create({ type: 'percentage', amount: 1000, code: 'TAKEN' })
  const codeOf = (input: object) =>
    client.discounts.create(input as DodoPayments.DiscountCreateParams).then(
      () => 'made',
      (error: InstanceType<typeof DodoPayments.APIError>) =>
        `${error.status} ${(error.error as { code: string }).code}`,
    )
  const usd = { currency: 'USD', max_amount_possible: 500 }
  const eur = { currency: 'EUR', max_amount_possible: 500 }
  const percentage = { type: 'percentage', amount: 1000 }
  const flat = { type: 'flat', amount: 1 }
  const invalid = '422 INVALID_REQUEST_BODY'
  const option = '422 DISCOUNT_CURRENCY_OPTION_INVALID'
  for (const [input, code] of [
    [{ ...percentage, code: 'taken' }, '422 DISCOUNT_CODE_ALREADY_EXISTS'],
    [{ ...percentage, amount: 10_001 }, '422 INVALID_PERCENTAGE'],
    [{ ...percentage, type: 'flat_per_unit' }, '422 UNSUPPORTED_DISCOUNT_TYPE'],
    [flat, option],
    [{ ...flat, currency_options: [usd, eur] }, option],
    [{ ...flat, currency_options: [usd, { ...usd, is_default: true }] }, option],
    [{ ...flat, currency_options: [{ currency: 'USD' }] }, option],
    [
      {
        ...flat,
        currency_options: [
          { ...usd, is_default: true },
          { ...eur, is_default: true },
        ],
      },
      option,
    ],
    [{ ...percentage, amount: 0 }, invalid],
    [{ ...percentage, code: 'AB' }, invalid],
    [{ ...percentage, code: 'A'.repeat(17) }, invalid],
    [{ ...percentage, usage_limit: 1, per_customer_usage_limit: 2 }, invalid],
    [{ ...percentage, restricted_to: ['pdt_nowhere'] }, invalid],
    [{ ...percentage, starts_at: '2026-02-01T00:00:00Z', expires_at: '2026-02-01T00:00:00Z' }, invalid],
  ] as const)
    expect([input, await codeOf(input)]).toEqual([input, code])
})

test('discounts are found by a part of the code, type, product, and whether they can be used now', async () => {
  const { client, clock } = await openShop()
  const pack = await makePack(client)
  const other = await makePack(client)
  const make = (code: string, input: Partial<DodoPayments.DiscountCreateParams> = {}) =>
    client.discounts.create({ type: 'percentage', amount: 1000, code, ...input })
  const soon = new Date(clock.now().getTime() + dayMs).toISOString()
  await make('ALWAYS')
  await make('ENDING', { expires_at: soon, restricted_to: [pack] })
  await make('COMING', { starts_at: soon })
  await make('FLAT', {
    type: 'flat',
    currency_options: [{ currency: 'USD', max_amount_possible: 1 }],
    restricted_to: [other],
  })
  const codes = async (query: DodoPayments.DiscountListParams) =>
    (await client.discounts.list({ page_number: 0, ...query })).items.map((item) => item.code)
  expect(await codes({})).toEqual(['FLAT', 'COMING', 'ENDING', 'ALWAYS'])
  expect(await codes({ code: 'ing' })).toEqual(['COMING', 'ENDING'])
  expect(await codes({ discount_type: 'flat' })).toEqual(['FLAT'])
  expect(await codes({ product_id: pack })).toEqual(['COMING', 'ENDING', 'ALWAYS'])
  expect(await codes({ active: true })).toEqual(['FLAT', 'ENDING', 'ALWAYS'])
  clock.advance(dayMs)
  expect(await codes({ active: true })).toEqual(['FLAT', 'COMING', 'ALWAYS'])
  expect(await codes({ active: false })).toEqual(['ENDING'])
})
