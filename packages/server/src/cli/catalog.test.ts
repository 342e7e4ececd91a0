import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import DodoPayments from 'dodopayments'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { pullPacks, pushProducts } from './catalog.ts'

async function setUp() {
  const [dodo, { url: databaseUrl }] = await Promise.all([startDodoSandbox(), createTestDatabase()])
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-catalog-'))
  onTestFinished(async () => {
    await dodo.close()
    await rm(folder, { recursive: true, force: true })
  })
  const configFile = join(folder, 'tallystick.config.ts')
  const environment = {
    DATABASE_URL: databaseUrl,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    DODO_PAYMENTS_API_KEY: dodo.apiKey,
    DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_eA==',
    DODO_PAYMENTS_BASE_URL: dodo.url,
  }
  const printed: string[] = []
  for (const stream of ['log', 'error'] as const) {
    const spy = vi.spyOn(console, stream).mockImplementation((line) => void printed.push(String(line)))
    onTestFinished(() => spy.mockRestore())
  }
  const client = new DodoPayments({ baseURL: dodo.url, bearerToken: dodo.apiKey })
  const run = async (work: () => Promise<number>) => {
    printed.length = 0
    return { code: await work(), said: printed.join('\n') }
  }
  return {
    client,
    configFile,
    folder,
    /** Each config is a file of its own, for a module is read once. */
    async configure(packs: string) {
      const file = join(folder, `${crypto.randomUUID()}.config.ts`)
      await writeFile(
        file,
        `export default { units: { credits: {} }, actions: { chat: { credits: 5 } }, packs: { ${packs} } }`,
      )
      environment.TALLYSTICK_CONFIG = file
    },
    push: ({ isDryRun = false } = {}) => run(() => pushProducts(environment, isDryRun)),
    pull: (out?: string) => run(() => pullPacks(environment, out)),
    async forSale() {
      const { items } = await client.products.list({ page_number: 0, page_size: 100 })
      return items.map(({ name, price }) => `${name} ${price}`).sort()
    },
  }
}

const power = (cents: number) => `power: { credits: 500, price: { amountMinor: ${cents}, currency: 'USD' } }`
const starter = "starter: { credits: 100, price: { amountMinor: 1000, currency: 'USD' } }"

test('a push makes what is missing, again it finds nothing to do, and a dry run changes nothing', async () => {
  const shop = await setUp()
  await shop.configure(`${starter}, ${power(4000)}`)
  const dry = await shop.push({ isDryRun: true })
  expect(dry).toMatchObject({
    code: 0,
    said: expect.stringContaining('2 products would be made, 0 would be archived'),
  })
  expect(await shop.forSale()).toEqual([])
  const first = await shop.push()
  expect(first.said).toContain('test mode')
  expect(first.said).toContain('+  power  Power, 500 credits for 40.00 USD')
  expect(await shop.forSale()).toEqual(['Power 4000', 'Starter 1000'])
  expect(await shop.push()).toMatchObject({ code: 0, said: expect.stringContaining('Nothing to do') })
})

test('another price is another product, and the old one is archived, as it was; a pack that is gone is archived too', async () => {
  const shop = await setUp()
  await shop.configure(`${starter}, ${power(4000)}`)
  await shop.push()
  const [before] = (await shop.client.products.list({ page_number: 0 })).items.filter(
    ({ name }) => name === 'Power',
  )
  await shop.configure(power(4500))
  const pushed = await shop.push()
  expect(pushed.said).toContain('for 45.00 USD, before 40.00 USD')
  expect(pushed.said).toContain('the catalog has no pack starter any more')
  expect(pushed.said).toContain('1 products were made, 2 were archived')
  expect(await shop.forSale()).toEqual(['Power 4500'])
  const old = await shop.client.products.retrieve(before?.product_id ?? '')
  expect(old.price).toMatchObject({ price: 4000 })
})

test('one that was edited in the dashboard is archived, and what the pack says is made, or kept where it is there', async () => {
  const shop = await setUp()
  await shop.configure(`${starter}, ${power(4000)}`)
  await shop.push()
  const idOf = async (name: string) =>
    (await shop.client.products.list({ page_number: 0 })).items.find((one) => one.name === name)
      ?.product_id ?? ''
  const edited = await idOf('Starter')
  await shop.client.products.update(edited, {
    price: {
      type: 'one_time_price',
      currency: 'USD',
      price: 100,
      discount: 0,
      purchasing_power_parity: false,
    },
  })
  expect((await shop.push({ isDryRun: true })).said).toContain(
    '1 products would be made, 1 would be archived',
  )
  const pushed = await shop.push()
  expect(pushed.said).toContain('it was edited there, and the pack starter sells for 10.00 USD')
  expect(await shop.forSale()).toEqual(['Power 4000', 'Starter 1000'])
  expect(await idOf('Starter')).not.toBe(edited)

  const chosenToPay = await idOf('Power')
  await shop.client.products.update(chosenToPay, {
    price: {
      type: 'one_time_price',
      currency: 'USD',
      price: 4000,
      discount: 0,
      purchasing_power_parity: false,
      pay_what_you_want: true,
    },
  })
  await shop.push()
  expect(await idOf('Power')).not.toBe(chosenToPay)
  expect(await shop.push()).toMatchObject({ code: 0, said: expect.stringContaining('Nothing to do') })
})

test('a price that goes back gets a product of its own again, for an archived one is not for sale', async () => {
  const shop = await setUp()
  for (const cents of [4000, 4500, 4000]) {
    await shop.configure(power(cents))
    expect((await shop.push()).code).toBe(0)
  }
  expect(await shop.forSale()).toEqual(['Power 4000'])
})

test("a pack that Dodo's entitlement credits gets it attached, with its credits", async () => {
  const shop = await setUp()
  await shop.configure(
    "power: { credits: '12.5', price: { amountMinor: 4000, currency: 'USD' }, grantOn: 'entitlement' }",
  )
  await shop.push()
  const { items } = await shop.client.products.list({ page_number: 0 })
  const product = await shop.client.products.retrieve(items[0]?.product_id ?? '')
  expect(product.credit_entitlements).toMatchObject([
    { credit_entitlement_name: 'Credits (credits)', credits_amount: '12.5' },
  ])
  expect(await shop.push()).toMatchObject({ said: expect.stringContaining('Nothing to do') })
})

test('a product of the dashboard is left alone by a push, written as a pack by a pull, and adopted by the catalog that has it', async () => {
  const shop = await setUp()
  const price = {
    type: 'one_time_price',
    currency: 'USD',
    price: 999,
    discount: 0,
    purchasing_power_parity: false,
  } as const
  const made = await shop.client.products.create({
    name: 'Summer pack',
    price,
    tax_category: 'saas',
    metadata: { tallystick_credits: '120' },
  })
  await shop.client.products.create({ name: 'Unsaid', price, tax_category: 'saas' })
  await shop.client.products.create({
    name: 'Pay what you want',
    price: { ...price, pay_what_you_want: true },
    tax_category: 'saas',
  })
  await shop.configure(starter)
  await shop.push()
  expect(await shop.forSale()).toHaveLength(4)
  const out = join(shop.folder, 'dodo-packs.ts')
  const pulled = await shop.pull(out)
  expect(pulled.code).toBe(0)
  expect(pulled.said).toContain('Unsaid: it does not say how many credits it brings')
  expect(pulled.said).toContain('Pay what you want: it is no pack')
  expect(await readFile(out, 'utf8')).toContain(
    `"summer-pack": pack({ name: "Summer pack", credits: 120, price: money(999, 'USD') /* 9.99 */, dodoProduct: "${made.product_id}" })`,
  )
  const adopting = (cents: number) =>
    `summer: { credits: 120, price: { amountMinor: ${cents}, currency: 'USD' }, dodoProduct: '${made.product_id}' }`
  await shop.configure(adopting(999))
  expect(await shop.push()).toMatchObject({ code: 0, said: expect.stringContaining('(adopted)') })
  expect((await shop.pull()).said).toContain('There is no product of the dashboard')
  await shop.configure(adopting(1099))
  expect(await shop.push()).toMatchObject({
    code: 1,
    said: expect.stringContaining('10.99 USD in the catalog, 9.99 USD at Dodo'),
  })
})
