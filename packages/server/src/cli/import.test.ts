import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { createEngine } from '../engine.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { importFile } from './import.ts'

const config = `export default {
  units: { credits: {}, images: {} },
  actions: { chat: { credits: 5 } },
  welcome: { credits: 50 },
}`

let databaseUrl = ''
beforeAll(async () => {
  databaseUrl = (await createTestDatabase()).url
})

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-import-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'tallystick.config.ts')
  await writeFile(configFile, config)
  const environment = {
    DATABASE_URL: databaseUrl,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
  }
  const file = join(folder, 'balances.csv')
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)))
  const error = vi.spyOn(console, 'error').mockImplementation((line) => void printed.push(String(line)))
  onTestFinished(() => {
    log.mockRestore()
    error.mockRestore()
  })
  return {
    printed,
    environment,
    run: async (csv: string | Uint8Array, { isDryRun = false } = {}) => {
      printed.length = 0
      await writeFile(file, csv)
      return importFile(file, environment, isDryRun)
    },
    lotsOf: async (customer: string, unit = 'credits') => {
      const engine = await createEngine({
        catalog: await loadCatalog(configFile),
        database: { url: databaseUrl },
      })
      try {
        const { lots } = await engine.balance({ customer, unit })
        return lots.map((lot) => ({ ...lot, credits: decimalFromCredits(lot.available) }))
      } finally {
        await engine.close()
      }
    },
  }
}

const newCustomer = () => `user_${crypto.randomUUID()}`

describe('tallystick import', () => {
  test('grants each row once, however often it is run, and no welcome credits', async () => {
    const { run, lotsOf, printed } = await setUp()
    const [ada, bob] = [newCustomer(), newCustomer()]
    const csv = `\uFEFFcustomer,credits,unit,name,source,expires_at,paid_amount_minor,paid_currency,key
${ada},12.5,,"Pack, ""Power""",,2099-01-01T00:00:00Z,1999,USD,
${ada},3,images,,gift,,,,k1

${bob},7,,,,,,,k1
`
    expect(await run(csv)).toBe(0)
    expect(printed).toEqual([
      '3 rows: 19.5 credits, 3 images. All are imported; a row that had been imported before was not granted again.',
    ])
    expect(await run(csv)).toBe(0)
    expect(await lotsOf(ada)).toMatchObject([
      {
        credits: '12.5',
        name: 'Pack, "Power"',
        source: 'purchase',
        category: 'paid',
        paid: { amountMinor: 1999n, currency: 'USD' },
        expiresAt: new Date('2099-01-01T00:00:00Z'),
      },
    ])
    expect(await lotsOf(ada, 'images')).toMatchObject([{ credits: '3', source: 'gift' }])
    expect(await lotsOf(bob)).toMatchObject([
      { credits: '7', source: 'adjustment', name: 'Imported balance' },
    ])
  })

  test('tells what is wrong line by line, and then imports nothing', async () => {
    const { run, lotsOf, printed } = await setUp()
    const ada = newCustomer()
    const csv = `customer,credits,unit,expires_at,source,paid_amount_minor,key
${ada},5,,,,,
,5,,,,,
x,0.1234567,,,,,
x,0,gems,soon,found,1.5,
x,1,gems,2020-01-01T00:00:00Z,,100,
x,1
x,2,,,,,a
x,3,,,,,a
${ada},5,,,,,
x,4,,2020-01-01T00:00:00Z,,,
`
    expect(await run(csv)).toBe(1)
    expect(printed).toEqual([
      'line 3: customer is missing.',
      'line 4: credits must be a decimal without sign, with at most six decimals, written as text: "12.5".',
      'line 5: credits must be above zero.',
      'line 5: source must be one of purchase, plan, promotion, gift, referral, adjustment.',
      'line 5: expires_at must be an instant in ISO 8601 with its zone: "2026-11-22T12:00:00Z".',
      'line 5: paid_amount_minor must be a whole number: cents for USD.',
      'line 6: unit is gems, and the catalog has credits, images.',
      'line 6: paid_amount_minor and paid_currency go together.',
      'line 7: has 2 fields, and the first line names 7.',
      'line 9: is the same as line 8. Remove one of them, or tell them apart in the column key.',
      'line 10: is the same as line 2. Remove one of them, or tell them apart in the column key.',
      'line 11: expires_at has passed: leave the row out, unless it was imported before.',
      '8 of 10 rows are wrong: nothing was imported.',
    ])
    expect((await lotsOf(ada)).map((lot) => lot.name)).toEqual(['Welcome gift'])
  })

  test('with --dry-run checks and changes nothing', async () => {
    const { run, lotsOf, printed } = await setUp()
    const ada = newCustomer()
    expect(await run(`customer,credits\n${ada},5\n`, { isDryRun: true })).toBe(0)
    expect(printed).toEqual([
      '1 row: 5 credits. All are right; nothing was imported, for this was a dry run.',
    ])
    expect(await lotsOf(ada)).toHaveLength(1)
  })

  test('refuses a key that was imported with something else, and says in which line', async () => {
    const { run, printed, lotsOf } = await setUp()
    const [ada, bob] = [newCustomer(), newCustomer()]
    expect(await run(`customer,credits,key\n${ada},5,1\n`)).toBe(0)
    expect(await run(`customer,credits,key\n${ada},6,1\n${bob},1,2\n`)).toBe(1)
    expect(printed).toEqual([
      expect.stringMatching(
        /^line 2: The idempotency key import:1 was used for this wallet with a different/,
      ),
      '1 of 2 rows were refused; the others are imported.',
    ])
    expect(await lotsOf(bob)).toHaveLength(1)
  })

  test('goes on batch by batch, and says how far it is', async () => {
    const { run, printed } = await setUp()
    const rows = Array.from({ length: 10_100 }, (_, n) => `many_${n % 50},1,${n}`)
    expect(await run(`customer,credits,key\n${rows.join('\n')}`)).toBe(0)
    expect(printed).toEqual(['10,000 of 10,100 rows', expect.stringContaining('10,100 rows: 10100 credits.')])
  })

  test.each([
    ['', 'The file is empty'],
    [
      'customer;credits\na;1',
      'The column customer;credits is not known. Known ones, separated by commas: customer',
    ],
    ['customer\na', 'The column credits is missing.'],
    ['customer,credits,credits\na,1,2', 'A column is named twice.'],
    ['customer,credits\n', 'The file has no rows'],
    [
      'customer,credits\nx,1\n"a,1\nb,2\nc,3',
      'A quote (") is opened in the row after line 2 and never closed. Close it.',
    ],
    [
      `customer,credits\n"${'x\n'.repeat(15_000)}`,
      'The row after line 1 is longer than 20000 bytes: a quote',
    ],
    ['customer,credits\n"a"b,1', 'line 2: a quote (") stands in the middle of a field.'],
    ['customer,credits\na"b,1', 'line 2: a quote (") stands in the middle of a field.'],
    ['customer,credits\na\0,1', 'line 2: has a NUL'],
  ])('the file %j is refused as a whole', async (csv, message) => {
    const { run, printed } = await setUp()
    expect(await run(csv)).toBe(1)
    expect(printed.join('\n')).toContain(message)
  })

  test('a file that is not there is said to be so', async () => {
    const { printed, environment } = await setUp()
    expect(await importFile('/nowhere.csv', environment, true)).toBe(1)
    expect(printed).toEqual(['There is no file /nowhere.csv.'])
    expect(await importFile('/tmp', environment, true)).toBe(1)
    expect(printed.at(-1)).toBe('/tmp is a folder. Name the CSV file in it.')
  })

  test.each([
    ['between rows', ['customer,credits\nm\xFF1,3\nm\xFE1,4\n', ''], 2],
    ['where the file is cut off', ['customer,credits\nx,1\ny,2,\xC3', ''], 3],
    ['far into a long file', ['customer,credits\n', 'x,1\n'.repeat(40_000), 'm\xE9,1\n'], 40_002],
  ])('a file that is not UTF-8 is refused as a whole, %s', async (_where, parts, line) => {
    const { run, printed } = await setUp()
    expect(await run(Buffer.from(parts.join(''), 'latin1'))).toBe(1)
    expect(printed.at(-1)).toContain(`line ${line}: is not UTF-8. Save the file as CSV in UTF-8`)
  })

  test('characters of several bytes stay whole wherever the file is read in pieces', async () => {
    const { run, printed } = await setUp()
    const csv = Buffer.from(`\uFEFFcustomer,credits,name,key\n${'é,1,漢🙂,\n'.repeat(9_000)}`)
    await run(csv, { isDryRun: true })
    expect(printed.at(-1)).toBe('8999 of 9000 rows are wrong: nothing was imported.')
    expect(printed.at(-2)).toContain('line 9001: is the same as line 2.')
  })

  test('a row without a key is known by what it says, however that is written', async () => {
    const { run, lotsOf } = await setUp()
    const ada = newCustomer()
    const written = [
      `customer,credits,expires_at\n${ada},5,2099-01-01T12:00:00Z`,
      `customer,credits,expires_at\n${ada},5.0,2099-01-01T13:00:00.000+01:00`,
      `expires_at,unit,credits,customer\n2099-01-01T12:00:00Z,credits,05,${ada}`,
      `customer,credits,source,name,expires_at\n${ada},5,adjustment,Imported balance,2099-01-01T12:00:00Z`,
    ]
    // oxlint-disable-next-line no-await-in-loop
    for (const csv of written) expect(await run(csv)).toBe(0)
    expect(await lotsOf(ada)).toHaveLength(1)
    const others = [
      `customer,credits,unit,expires_at\n${ada},5.000001,,2099-01-01T12:00:00Z\n${ada},5,,\n${ada},5,images,2099-01-01T12:00:00Z`,
      `customer,credits,expires_at,name\n${ada},5,2099-01-01T12:00:00Z,Gift`,
      `customer,credits,expires_at,paid_amount_minor,paid_currency\n${ada},5,2099-01-01T12:00:00Z,100,USD\n${ada},5,2099-01-01T12:00:00Z,100,EUR`,
    ]
    // oxlint-disable-next-line no-await-in-loop
    for (const csv of others) expect(await run(csv)).toBe(0)
    expect(await lotsOf(ada)).toHaveLength(6)
    expect(await lotsOf(ada, 'images')).toHaveLength(1)
  })

  test('is finished with the same file after the expiry of a row that was granted has passed', async () => {
    const { run, printed, lotsOf } = await setUp()
    const [ada, bob] = [newCustomer(), newCustomer()]
    const expiry = new Date(Date.now() + 3_600_000)
    const csv = (other: string) => `customer,credits,expires_at\n${ada},5,${expiry.toISOString()}\n${other}\n`
    expect(await run(csv(`${ada},6,`))).toBe(0)

    vi.useFakeTimers({ toFake: ['Date'], now: expiry })
    onTestFinished(() => void vi.useRealTimers())
    const late = `${bob},7,2020-01-01T00:00:00Z`
    expect(await run(csv(late))).toBe(1)
    expect(printed).toEqual([
      'line 3: expires_at has passed: leave the row out.',
      '1 of 2 rows are wrong: nothing was imported.',
    ])
    expect(await run(csv(`${bob},7,`))).toBe(0)
    expect(await lotsOf(bob)).toMatchObject([{ credits: '7' }])
    expect(await lotsOf(ada)).toHaveLength(2)
  })

  test('a place that cannot be, and a database that is away, are said in words', async () => {
    const { printed, run, environment } = await setUp()
    await run('customer,credits\nx,1\n', { isDryRun: true })
    const file = join(environment.TALLYSTICK_CONFIG, '../balances.csv')
    const { DATABASE_URL: _url, ...others } = environment
    printed.length = 0
    expect(await importFile(file, { ...others, TALLYSTICK_DATA: file }, false)).toBe(1)
    expect(
      await importFile(file, { ...others, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, false),
    ).toBe(1)
    expect(printed).toEqual([
      `The data folder ${file}/db cannot be made: a file is where a folder would have to be. Give another folder with --data DIR (TALLYSTICK_DATA).`,
      'The database does not answer. Is Postgres running, and is DATABASE_URL right? Then run the command again.',
    ])
  })
})
